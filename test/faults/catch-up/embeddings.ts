import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type LoopbackServer, serveLoopback } from "../../../local/loopback-server.ts";
import { answerInstead, type Instead } from "./between.ts";

interface Request {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions: number;
}

/** An embeddings provider in the hands of a test. A text's vector is its length, in every dimension. */
export class Embeddings {
  /** Every text of every request that was answered with vectors: what was paid for. */
  readonly paid: string[] = [];
  /** When requests came, epoch milliseconds, refused ones among them. */
  readonly cameAt: number[] = [];
  /** Requests that have not been answered yet. */
  open = 0;
  takesMs = 0;
  instead: (texts: readonly string[]) => Instead | undefined = () => undefined;
  readonly #server: LoopbackServer;

  private constructor(server: LoopbackServer) {
    this.#server = server;
  }

  static async start(): Promise<Embeddings> {
    const embeddings: Embeddings = new Embeddings(
      await serveLoopback(0, async (request, response) => {
        const { model, input, dimensions } = (await json(request)) as Request;
        embeddings.cameAt.push(Date.now());
        embeddings.open += 1;
        // Also when the client has disconnected.
        response.once("close", () => {
          embeddings.open -= 1;
        });
        await sleep(embeddings.takesMs);
        const { body, ...answer } = embeddings.instead(input) ?? embeddings.#vectors(input, dimensions);
        answerInstead(response, { ...answer, body: { model, ...body } });
      }),
    );
    return embeddings;
  }

  get baseUrl(): string {
    return `${this.#server.url}/v1`;
  }

  stop(): Promise<void> {
    return this.#server.close();
  }

  #vectors(texts: readonly string[], dimensions: number): Instead {
    this.paid.push(...texts);
    const usage = { prompt_tokens: texts.length, total_tokens: texts.length };
    const data = texts.map((text, index) => {
      const bytes = Buffer.from(new Float32Array(dimensions).fill(text.length).buffer);
      return { object: "embedding", index, embedding: bytes.toString("base64") };
    });
    return { status: 200, body: { object: "list", usage, data } };
  }
}
