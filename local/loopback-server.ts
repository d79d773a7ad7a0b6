import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface LoopbackServer {
  /** `http://127.0.0.1:{port}`. */
  readonly url: string;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Handles a request; a rejection closes the connection. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Serves HTTP on loopback. Port 0 selects a free one. */
export async function serveLoopback(port: number, answer: Answer): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
