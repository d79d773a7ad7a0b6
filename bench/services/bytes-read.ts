import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";

/** Bytes of S3 objects that servers of this process have sent, by path (`/bucket/key`). Counts from the call on. */
export function countBytesRead(): ReadonlyMap<string, number> {
  const read = new Map<string, number>();
  subscribe("http.server.request.start", (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://stack");
    if (request.method !== "GET" || searchParams.get("x-id") !== "GetObject") return;
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
    response.end = (...args: unknown[]) => {
      const [body] = args;
      const size = body instanceof Uint8Array || typeof body === "string" ? Buffer.byteLength(body) : 0;
      read.set(pathname, (read.get(pathname) ?? 0) + size);
      return end(...args);
    };
  });
  return read;
}
