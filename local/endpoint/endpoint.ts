import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Failure } from "../../core/failure.ts";
import type { Iam } from "../iam/iam.ts";
import { readCredential } from "./credential.ts";
import { AccessDenied, type ApiCall, AwsError, type LocalService, type Reply } from "./service.ts";

const loopback = "127.0.0.1";

export interface Endpoint {
  /** `http://127.0.0.1:{port}`: the value for AWS_ENDPOINT_URL. */
  readonly url: string;
  readonly port: number;
  /** Ends open connections, then closes every service. */
  close(): Promise<void>;
}

export interface EndpointOptions {
  /** 0 takes a free port. */
  readonly port: number;
  readonly services: readonly LocalService[];
  readonly iam: Iam;
}

/** Another process listens on the port. */
export class PortInUse extends Failure {
  constructor(port: number, options: ErrorOptions) {
    super(
      `Port ${port} on ${loopback} is taken by another process.`,
      "Stop that process (perhaps another local stack), or start this one on another port.",
      options,
    );
  }
}

/** Serves all given services on one loopback port. Throws PortInUse. */
export async function startEndpoint({ port, services, iam }: EndpointOptions): Promise<Endpoint> {
  const byName = new Map(
    services.flatMap((service) => service.names.map((name) => [name, service] as const)),
  );
  const server = createServer((request, response) => {
    const origin = `http://${loopback}:${(server.address() as AddressInfo).port}`;
    answer(request, response, origin, byName, iam).catch((cause: unknown) => {
      console.error("The local AWS endpoint could not answer a call.", cause);
      response.destroy();
    });
  });
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  await listen(server, port);
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${loopback}:${bound}`,
    port: bound,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await Promise.all(services.map((service) => service.close?.()));
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(cause.code === "EADDRINUSE" ? new PortInUse(port, { cause }) : cause);
    });
    server.listen(port, loopback, resolve);
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  origin: string,
  services: ReadonlyMap<string, LocalService>,
  iam: Iam,
): Promise<void> {
  const hungUp = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) hungUp.abort();
  });
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const reply = await route(request, Buffer.concat(chunks), origin, services, iam, hungUp.signal);
  const requestId = randomUUID();
  response.writeHead(reply.status, {
    "content-length": Buffer.byteLength(reply.body),
    ...reply.headers,
    "x-amzn-requestid": requestId,
    "x-amz-request-id": requestId,
  });
  response.end(request.method === "HEAD" ? undefined : reply.body);
}

async function route(
  request: IncomingMessage,
  body: Buffer,
  origin: string,
  services: ReadonlyMap<string, LocalService>,
  iam: Iam,
  signal: AbortSignal,
): Promise<Reply> {
  const url = new URL(`${origin}${request.url ?? "/"}`);
  const headers = flatHeaders(request);
  const credential = readCredential(headers.authorization, url.searchParams);
  if (credential === undefined) {
    return plainError(
      403,
      "MissingAuthenticationToken",
      "The request is not signed: it carries no SigV4 credential.",
    );
  }
  const service = services.get(credential.service);
  if (service === undefined) {
    const known = [...services.keys()].sort().join(", ");
    return plainError(
      400,
      "UnknownService",
      `The local AWS has no service "${credential.service}". It has: ${known}.`,
    );
  }
  const caller = iam.caller(credential.accessKeyId);
  if (caller === undefined) {
    return plainError(
      403,
      "UnrecognizedClientException",
      `The security token included in the request is invalid: no local role has the access key id "${credential.accessKeyId}". Use "local" for the administrator.`,
    );
  }
  const call: ApiCall = {
    service: credential.service,
    method: request.method ?? "GET",
    url,
    headers,
    body,
    caller,
    signal,
  };
  try {
    for (const permission of service.permissions(call)) {
      const refusal = caller.refusal(permission);
      if (refusal !== undefined) throw new AccessDenied(caller, permission, refusal);
    }
    return await service.handle(call);
  } catch (error) {
    if (error instanceof AwsError) return service.renderError(error, call);
    console.error(`The local ${credential.service} failed on ${call.method} ${url.pathname}.`, error);
    const message = error instanceof Error ? error.message : String(error);
    return service.renderError(new AwsError(500, "InternalFailure", message), call);
  }
}

function flatHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}

/** An error before a service is known; both the JSON and the XML clients of AWS show its code and message. */
function plainError(status: number, code: string, message: string): Reply {
  return {
    status,
    headers: { "content-type": "application/json", "x-amzn-errortype": code },
    body: JSON.stringify({ __type: code, code, message }),
  };
}
