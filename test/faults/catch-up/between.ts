import type { ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { type LoopbackServer, sendJson, serveLoopback } from "../../../local/loopback-server.ts";

/** A request in transit to the server behind the proxy. */
export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** What the test answers in the server's place. */
export interface Instead {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** Undefined hands the request on; it may be held for a while before. */
export type Interfering = (passing: Passing) => Promise<Instead | undefined> | Instead | undefined;

/** Headers that belong to a connection, or to the encoding of its body. */
const ofConnection = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "accept-encoding",
]);

/** Stands before a server on loopback, and lets a test interfere with what passes. */
export class Between {
  interfere: Interfering = () => undefined;
  /** Requests that have not been answered yet. */
  open = 0;
  readonly #server: LoopbackServer;

  private constructor(server: LoopbackServer) {
    this.#server = server;
  }

  static async start(target: string): Promise<Between> {
    const between: Between = new Between(
      await serveLoopback(0, async (request, response) => {
        between.open += 1;
        // Also when the client has disconnected.
        response.once("close", () => {
          between.open -= 1;
        });
        const passing = {
          method: request.method ?? "",
          path: request.url ?? "",
          body: await readText(request),
        };
        const instead = await between.interfere(passing);
        if (instead) return answerInstead(response, instead);
        const headers = Object.entries(request.headers).filter(([name]) => !ofConnection.has(name));
        const answer = await fetch(`${target}${passing.path}`, {
          method: passing.method,
          headers: headers.map(([name, value]): [string, string] => [name, String(value)]),
          ...(passing.body !== "" && { body: passing.body }),
        });
        const contentType = answer.headers.get("content-type") ?? "application/json";
        response.writeHead(answer.status, { "content-type": contentType }).end(await answer.text());
      }),
    );
    return between;
  }

  get url(): string {
    return this.#server.url;
  }

  stop(): Promise<void> {
    return this.#server.close();
  }
}

export function answerInstead(response: ServerResponse, { status, headers = {}, body = {} }: Instead): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  sendJson(response, status, body);
}
