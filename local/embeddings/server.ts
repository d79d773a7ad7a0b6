import type { IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { sendJson, serveLoopback } from "../loopback-server.ts";
import { BatchApi } from "./batch-api.ts";
import { CachedModel } from "./cached-model.ts";
import { HurriedClock } from "./hurried-clock.ts";
import { ModelPool } from "./model-pool.ts";
import { ApiError, modelNames, readRequest, renderAnswer } from "./wire.ts";

/** The usage since the start. */
export interface EmbeddingsUsage {
  /** Answered embedding requests, without those of batches. */
  requests: number;
  /** Texts in them. */
  inputs: number;
  /** Tokens in them, as the model counts. */
  tokens: number;
  /** Texts in processed requests of batches, which are paid at half the price. */
  batchInputs: number;
}

export interface EmbeddingsServer {
  /** `http://127.0.0.1:{port}/v1`, for an OpenAI client. */
  readonly baseUrl: string;
  readonly usage: Readonly<EmbeddingsUsage>;
  close(): Promise<void>;
}

/**
 * An OpenAI-compatible embeddings API on loopback: `POST /v1/embeddings`, `GET /v1/models`, batches (BatchApi), and
 * `GET /v1/usage` (EmbeddingsUsage). Port 0 selects a free one. The server creates its own model unless one is passed.
 */
export async function startEmbeddingsServer(
  port: number,
  shared?: ModelPool,
  clock: HurriedClock = new HurriedClock(),
): Promise<EmbeddingsServer> {
  const pool = shared ?? new ModelPool(console.warn);
  const model = new CachedModel(pool);
  const usage: EmbeddingsUsage = { requests: 0, inputs: 0, tokens: 0, batchInputs: 0 };

  const embed = async (body: string): Promise<object> => {
    const request = readRequest(body);
    const embedded = await model.embed(request.texts);
    usage.requests += 1;
    usage.inputs += request.texts.length;
    usage.tokens += embedded.reduce((sum, one) => sum + one.tokens, 0);
    return renderAnswer(embedded, request);
  };

  const batchApi = await BatchApi.open(clock, async (body) => {
    const request = readRequest(body);
    const embedded = await model.embed(request.texts);
    usage.batchInputs += request.texts.length;
    return renderAnswer(embedded, request);
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const route = `${request.method} ${request.url?.split("?")[0]}`;
    if (route === "GET /v1/usage") return sendJson(response, 200, usage);
    if (await batchApi.controls(request, response)) return;
    if (!request.headers.authorization?.startsWith("Bearer ")) {
      throw new ApiError(401, "You didn't provide an API key in an Authorization header.", null, null);
    }
    if (await batchApi.answers(request, response)) return;
    if (route === "GET /v1/models")
      return sendJson(response, 200, {
        object: "list",
        data: modelNames.map((id) => ({ id, object: "model" })),
      });
    if (route === "POST /v1/embeddings") return sendJson(response, 200, await embed(await readText(request)));
    throw new ApiError(404, `Unknown request: ${route}.`, null, "unknown_url");
  };

  const server = await serveLoopback(port, (request, response) =>
    answer(request, response).catch((error: unknown) => {
      const failure = error instanceof ApiError ? error : new ApiError(500, String(error), null, null);
      sendJson(response, failure.status, failure.body());
    }),
  );

  return {
    baseUrl: `${server.url}/v1`,
    usage,
    async close() {
      await server.close();
      await batchApi.close();
      if (shared === undefined) await pool.close();
    },
  };
}
