import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Reply } from "../protocol/service.ts";
import type { HttpCall } from "./router.ts";

const loopback = "127.0.0.1";
/** The maximum body, because bodies are held in memory. AWS accepts objects of 5 GiB in one call. */
const maxBodyBytes = 1024 * 1024 * 1024;

/** An HTTP server on a loopback port. */
export interface HttpFront {
  /** `http://127.0.0.1:{port}` */
  readonly url: string;
  readonly port: number;
  /** Ends open connections. */
  close(): Promise<void>;
}

export type ReplyTo = (call: HttpCall) => Promise<Reply>;

/** Listens on a port; 0 selects a free one. Rejects with the server's error. */
export async function startHttpFront(port: number, replyTo: ReplyTo): Promise<HttpFront> {
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, response) => {
    answer(replyTo, request, response).catch((cause: unknown) => {
      console.error("The local AWS endpoint could not answer a call.", cause);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, loopback, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: originOf(bound),
    port: bound,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(replyTo: ReplyTo, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) {
    const error = {
      __type: "EntityTooLarge",
      message: `A request's body has at most ${maxBodyBytes} bytes here.`,
    };
    response.writeHead(413, { "content-type": "application/json", connection: "close" });
    response.end(JSON.stringify(error));
    return;
  }
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

/**
 * Reads the body into its own memory, so that a thread can transfer it. If the length is known, fills one buffer as
 * data arrives, because concatenating a large body would block other requests.
 */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const length = Number(request.headers["content-length"] ?? Number.NaN);
  if (Number.isNaN(length)) return buffer(request);
  const body = Buffer.allocUnsafeSlow(length);
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
