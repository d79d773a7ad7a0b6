import { administratorKey, type Iam } from "../iam/iam.ts";
import {
  AccessDeniedError,
  type ApiCall,
  AwsError,
  type Caller,
  type LocalService,
  type Reply,
} from "../protocol/service.ts";
import { readCredential } from "./credential.ts";
import { fenced } from "./fence.ts";
import { element, textElement } from "./xml.ts";

/** A received call before its service is determined. */
export interface HttpCall extends Pick<ApiCall, "method" | "headers" | "body" | "digests" | "signal"> {
  /** The URL of the endpoint: `http://127.0.0.1:4566`. */
  readonly origin: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** Names and values by turns, as they were sent. */
  readonly rawHeaders: readonly string[];
}

/** A URL would be resolved to another path than the caller signed for. */
const dotSegment = /\/(\.|%2e){1,2}(?=[/?]|$)/i;

/** Larger than any call that AWS accepts, except for objects. It limits how much one call affects the others. */
const maxBodyBytes = 20 * 1024 * 1024;

const nobody: Caller = { arn: "nobody", allows: () => false };

/** Routes each call to the service in its signature if the caller has the permission. */
export class Router {
  private readonly services: ReadonlyMap<string, LocalService>;
  private readonly iam: Iam;

  constructor(services: readonly LocalService[], iam: Iam) {
    this.services = new Map(
      services.flatMap((service) => service.names.map((name) => [name, service] as const)),
    );
    this.iam = iam;
  }

  /** Never throws: every failure is a reply in the format that its caller reads. */
  async route(http: HttpCall): Promise<Reply> {
    const url = urlOf(http);
    if (url === undefined) return plainError(http, invalidUri(http.target));
    const credential = readCredential(http.headers.authorization, url.searchParams);
    if (credential === undefined) {
      return plainError(
        http,
        new AwsError(403, "MissingAuthenticationToken", "The request carries no SigV4 credential."),
      );
    }
    const service = this.services.get(credential.service);
    if (service === undefined) return plainError(http, this.unknownService(credential.service));
    const caller = this.iam.caller(credential.accessKeyId);
    const call: ApiCall = { ...http, url, service: credential.service, caller: caller ?? nobody };
    try {
      if (dotSegment.test(http.target.replace(/\?.*/, ""))) throw invalidUri(http.target);
      if (caller === undefined) throw unknownKey(credential.accessKeyId);
      if (credential.service !== "s3" && http.body.length > maxBodyBytes)
        throw bodyTooLarge(http.body.length);
      for (const permission of service.permissions(call)) {
        const refusal = caller.refusal(permission);
        if (refusal !== undefined) throw new AccessDeniedError(caller, permission, refusal);
      }
      return await fenced(nameOf(call), () => service.handle(call));
    } catch (error) {
      return service.renderError(error instanceof AwsError ? error : internalFailure(call, error), call);
    }
  }

  private unknownService(name: string): AwsError {
    const known = [...this.services.keys()].sort().join(", ");
    return new AwsError(400, "UnknownService", `The local AWS has no service "${name}". It has: ${known}.`);
  }
}

function unknownKey(accessKeyId: string): AwsError {
  return new AwsError(
    403,
    "UnrecognizedClientException",
    `The security token included in the request is invalid: no local role has the access key id "${accessKeyId}". The administrator's is "${administratorKey}".`,
  );
}

function urlOf({ origin, target }: HttpCall): URL | undefined {
  if (!target.startsWith("/") || !isEncoded(target)) return undefined;
  return URL.canParse(`${origin}${target}`) ? new URL(`${origin}${target}`) : undefined;
}

function isEncoded(target: string): boolean {
  try {
    decodeURIComponent(target.replace(/\?.*/s, ""));
    return true;
  } catch {
    return false;
  }
}

function invalidUri(target: string): AwsError {
  return new AwsError(
    400,
    "InvalidURI",
    `The local AWS does not take a path that is not encoded well, or has the segments . or .. in it: ${target.slice(0, 1_000)}`,
  );
}

function bodyTooLarge(bytes: number): AwsError {
  return new AwsError(
    413,
    "RequestEntityTooLarge",
    `The request's body has ${bytes} bytes; at most ${maxBodyBytes} are taken.`,
  );
}

function nameOf(call: ApiCall): string {
  const action = call.headers["x-amz-target"]?.split(".").at(-1) ?? `${call.method} ${call.url.pathname}`;
  return `${call.service} ${action}`;
}

function internalFailure(call: ApiCall, cause: unknown): AwsError {
  console.error(`The local AWS failed on ${nameOf(call)}.`, cause);
  return new AwsError(500, "InternalFailure", cause instanceof Error ? cause.message : String(cause));
}

/** Returns an error for an unknown service: XML for callers of the query protocol, otherwise JSON. */
function plainError({ headers }: HttpCall, error: AwsError): Reply {
  if (headers["content-type"]?.includes("x-www-form-urlencoded")) {
    const details = element("Error", textElement("Code", error.code), textElement("Message", error.message));
    return {
      status: error.status,
      headers: { "content-type": "text/xml" },
      body: element("ErrorResponse", details),
    };
  }
  return {
    status: error.status,
    headers: { "content-type": "application/json", "x-amzn-errortype": error.code },
    body: JSON.stringify({ __type: error.code, message: error.message }),
  };
}
