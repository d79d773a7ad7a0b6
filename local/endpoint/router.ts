import { administratorKey, type Iam } from "../iam/iam.ts";
import { readCredential } from "./credential.ts";
import {
  AccessDenied,
  type ApiCall,
  AwsError,
  type Caller,
  type LocalService,
  type Reply,
} from "./service.ts";
import { element, textElement } from "./xml.ts";

/** A call as it came in, before anyone knows what it is. */
export interface HttpCall extends Pick<ApiCall, "method" | "headers" | "body" | "digests" | "signal"> {
  /** Of the endpoint: `http://127.0.0.1:4566`. */
  readonly origin: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** Names and values by turns, as they were sent. */
  readonly rawHeaders: readonly string[];
}

/** A URL would be resolved to another path than the caller signed for. */
const dotSegment = /\/(\.|%2e){1,2}(?=[/?]|$)/i;

const nobody: Caller = { arn: "nobody", allows: () => false };

/** Takes each call to the service that its signature names, if its caller may make it. */
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
    const url = new URL(`${http.origin}${http.target}`);
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
      for (const permission of service.permissions(call)) {
        const refusal = caller.refusal(permission);
        if (refusal !== undefined) throw new AccessDenied(caller, permission, refusal);
      }
      return await service.handle(call);
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

function invalidUri(target: string): AwsError {
  return new AwsError(
    400,
    "InvalidURI",
    `The local AWS does not take a path with the segments . or .. in it: ${target}`,
  );
}

function internalFailure(call: ApiCall, cause: unknown): AwsError {
  console.error(`The local ${call.service} failed on ${call.method} ${call.url.pathname}.`, cause);
  return new AwsError(500, "InternalFailure", cause instanceof Error ? cause.message : String(cause));
}

/** An error before a service is known: in XML to callers of the query protocol, else in JSON. */
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
