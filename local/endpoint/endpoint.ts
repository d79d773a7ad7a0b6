import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { Failure } from "../../core/failure.ts";
import type { Iam } from "../iam/iam.ts";
import { type HttpCall, Router } from "./router.ts";
import type { LocalService, Reply } from "./service.ts";
import type { UnsignedService } from "./unsigned-service.ts";

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
  /** Takes its calls before signatures are looked for. */
  readonly unsigned?: UnsignedService;
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
export async function startEndpoint({ port, services, iam, unsigned }: EndpointOptions): Promise<Endpoint> {
  const router = new Router(services, iam);
  const reply = (call: HttpCall) =>
    unsigned?.takes(call.target) ? unsigned.handle(call) : router.route(call);
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, response) => {
    answer(reply, request, response).catch((cause: unknown) => {
      console.error("The local AWS endpoint could not answer a call.", cause);
      response.destroy();
    });
  });
  await listen(server, port);
  const bound = (server.address() as AddressInfo).port;
  return {
    url: originOf(bound),
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
  replyTo: (call: HttpCall) => Promise<Reply>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const hungUp = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) hungUp.abort();
  });
  const reply = await replyTo({
    method: request.method ?? "GET",
    origin: originOf(request.socket.localPort ?? 0),
    target: request.url ?? "/",
    headers: flatHeaders(request),
    rawHeaders: request.rawHeaders,
    body: await bodyOf(request),
    signal: hungUp.signal,
  });
  const requestId = randomUUID();
  response.writeHead(reply.status, {
    "content-length": Buffer.byteLength(reply.body),
    "x-amzn-requestid": requestId,
    "x-amz-request-id": requestId,
    ...reply.headers,
  });
  response.end(request.method === "HEAD" ? undefined : reply.body);
}

/** Where its length is known, a body is put together as it comes in: joining a large one holds up whoever calls meanwhile. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const length = Number(request.headers["content-length"] ?? Number.NaN);
  if (Number.isNaN(length)) return buffer(request);
  const body = Buffer.allocUnsafe(length);
  let at = 0;
  for await (const chunk of request) at += (chunk as Buffer).copy(body, at);
  return body;
}

function originOf(port: number): string {
  return `http://${loopback}:${port}`;
}

function flatHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]),
  );
}
