import type { IncomingMessage } from "node:http";
import { text as readText } from "node:stream/consumers";
import { sendJson, serveLoopback } from "../loopback-server.ts";
import { CachedModel } from "./cached-model.ts";
import { ModelPool } from "./model-pool.ts";
import { modelName } from "./sentence-model.ts";
import { ApiError, readRequest, renderAnswer } from "./wire.ts";

/** The usage since the start. */
export interface EmbeddingsUsage {
  /** Answered embedding requests. */
  requests: number;
  /** Texts in them. */
  inputs: number;
  /** Tokens in them, as the model counts. */
  tokens: number;
}

export interface EmbeddingsServer {
  /** `http://127.0.0.1:{port}/v1`, for an OpenAI client. */
  readonly baseUrl: string;
  readonly usage: Readonly<EmbeddingsUsage>;
  close(): Promise<void>;
}

/**
 * An OpenAI-compatible embeddings API on loopback: `POST /v1/embeddings`, `GET /v1/models`, and `GET /v1/usage`
 * (EmbeddingsUsage). Port 0 selects a free one. The server creates its own model unless one is passed.
 */
export async function startEmbeddingsServer(port: number, shared?: ModelPool): Promise<EmbeddingsServer> {
  const pool = shared ?? new ModelPool(console.warn);
  const model = new CachedModel(pool);
  const usage: EmbeddingsUsage = { requests: 0, inputs: 0, tokens: 0 };

  const embed = async (body: string): Promise<object> => {
    const { texts, format } = readRequest(body);
    const embedded = await model.embed(texts);
    usage.requests += 1;
    usage.inputs += texts.length;
    usage.tokens += embedded.reduce((sum, one) => sum + one.tokens, 0);
    return renderAnswer(embedded, format);
  };

  const answer = async (request: IncomingMessage): Promise<object> => {
    const route = `${request.method} ${request.url?.split("?")[0]}`;
    if (route === "GET /v1/usage") return usage;
    if (!request.headers.authorization?.startsWith("Bearer ")) {
      throw new ApiError(401, "You didn't provide an API key in an Authorization header.", null, null);
    }
    if (route === "GET /v1/models") return { object: "list", data: [{ id: modelName, object: "model" }] };
    if (route === "POST /v1/embeddings") return embed(await readText(request));
    throw new ApiError(404, `Unknown request: ${route}.`, null, "unknown_url");
  };

  const server = await serveLoopback(port, (request, response) =>
    answer(request).then(
      (body) => sendJson(response, 200, body),
      (error: unknown) => {
        const failure = error instanceof ApiError ? error : new ApiError(500, String(error), null, null);
        sendJson(response, failure.status, failure.body());
      },
    ),
  );

  return {
    baseUrl: `${server.url}/v1`,
    usage,
    async close() {
      await server.close();
      if (shared === undefined) await pool.close();
    },
  };
}
