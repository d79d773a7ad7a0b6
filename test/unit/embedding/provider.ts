import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly input: string[]; readonly [field: string]: unknown };
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly text?: string;
  /** The connection is cut instead. */
  readonly cut?: boolean;
  /** It is, in the middle of the body. */
  readonly truncated?: boolean;
  /** The request is never answered. */
  readonly silent?: boolean;
}

/** A server that answers embedding requests with a script, one answer a request; the last one repeats. */
export class Provider {
  readonly asked: Asked[] = [];
  readonly #server: Server;

  private constructor(answers: readonly ((asked: Asked) => Answer)[]) {
    this.#server = createServer(async (request, response) => {
      const asked = { headers: request.headers, body: (await json(request)) as Asked["body"] };
      this.asked.push(asked);
      const answer = answers[Math.min(this.asked.length, answers.length) - 1]?.(asked) ?? {};
      if (answer.silent) return undefined;
      if (answer.cut) return request.socket.destroy();
      if (answer.truncated) {
        const whole = JSON.stringify(answer.body);
        response.writeHead(200, { "content-type": "application/json", "content-length": whole.length });
        response.write(whole.slice(0, whole.length / 2), () => request.socket.destroy());
        return undefined;
      }
      response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers });
      response.end(answer.text ?? JSON.stringify(answer.body ?? {}));
      return undefined;
    });
  }

  static async start(...answers: ((asked: Asked) => Answer)[]): Promise<Provider> {
    const provider = new Provider(answers);
    await new Promise<void>((resolve) => provider.#server.listen(0, "127.0.0.1", resolve));
    return provider;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** A good answer: each text's vector is its length, in as many dimensions as asked for. */
export function lengths({ body }: Asked): Answer {
  const dimensions = Number(body.dimensions);
  return {
    body: {
      object: "list",
      model: body.model,
      usage: { prompt_tokens: body.input.length, total_tokens: body.input.length },
      data: body.input.map((text, index) => ({
        object: "embedding",
        index,
        embedding: Buffer.from(new Float32Array(dimensions).fill(text.length).buffer).toString("base64"),
      })),
    },
  };
}

export function refusal(
  status: number,
  message: string,
  headers: Record<string, string> = {},
  code?: string,
) {
  return (): Answer => ({ status, headers, body: { error: { message, code } } });
}
