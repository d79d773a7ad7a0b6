import OpenAI from "openai";
import { jitteredMs } from "../resilience/backoff.ts";
import { type Clock, systemClock } from "../resilience/clock.ts";
import type { RateLimiter } from "../resilience/rate-limiter.ts";
import { type Attempt, retry } from "../resilience/retry.ts";
import { inModelCall, type ModelCall } from "../tracing/model-call.ts";
import { inSpan } from "../tracing/span.ts";
import type { Embedder, Purpose, VectorBytes } from "./embedder.ts";
import {
  EmbeddingNotAllowedError,
  EmbeddingRefusedError,
  EmbeddingThrottledError,
  EmbeddingUnavailableError,
} from "./embedding-errors.ts";
import { judge } from "./judge.ts";
import { tokenBound } from "./limits.ts";
import { safeWords } from "./provider-error.ts";
import { fetchWhole } from "./read-answer.ts";
import { type Base64Answer, vectorsIn } from "./vectors-in-answer.ts";

const maxAttempts = 5;
const backoff = { firstMs: 250, maxMs: 8_000 };
const maxRequestMs = 120_000;
/** Fewer are not worth a request to the limiter, which a search would wait for. */
const minTokensGivenBack = 100;

export interface OpenAiEmbedderOptions {
  readonly apiKey: string;
  /** Base URL of any server that implements OpenAI's embeddings API. */
  readonly baseUrl: string;
  readonly model: string;
  readonly dimensions: number;
  readonly limiter: RateLimiter;
  /** Deadline of a call that starts now, deferrals and retries included; epoch milliseconds. */
  readonly giveUpAt: () => number;
  /** @default the system's */
  readonly clock?: Clock;
}

/** The body of a request to OpenAI's embeddings API, alone or as a line of a batch. */
export function embeddingsBody(
  { model, dimensions }: Pick<Embedder, "model" | "dimensions">,
  input: readonly string[],
): object {
  return { model, dimensions, input, encoding_format: "base64" };
}

/**
 * Embeds one request's worth of texts (`requestLimits`) per call. A 429 defers the request and does not count as an
 * attempt; every attempt goes through the rate limiter. Throws the errors of embedding-errors.ts.
 */
export class OpenAiEmbedder implements Embedder {
  readonly model: string;
  readonly dimensions: number;
  /** As traces name it. */
  protected readonly provider: ModelCall["provider"] = "openai";
  readonly #client: OpenAI;
  readonly #apiKey: string;
  readonly #limiter: RateLimiter;
  readonly #giveUpAt: () => number;
  readonly #clock: Clock;

  constructor(options: OpenAiEmbedderOptions) {
    this.model = options.model;
    this.dimensions = options.dimensions;
    this.#apiKey = options.apiKey;
    this.#client = new OpenAI({
      apiKey: options.apiKey,
      baseURL: options.baseUrl,
      maxRetries: 0,
      fetch: fetchWhole,
    });
    this.#limiter = options.limiter;
    this.#giveUpAt = options.giveUpAt;
    this.#clock = options.clock ?? systemClock;
  }

  async embed(texts: readonly string[], purpose: Purpose = "document"): Promise<VectorBytes[]> {
    if (texts.length === 0) return [];
    const giveUpAt = this.#giveUpAt();
    const tokens = texts.reduce((sum, text) => sum + tokenBound(text), 0);
    const body = this.body(texts, purpose);
    return inSpan("embedding.request", { texts: texts.length, tokens, model: this.model }, () =>
      this.#retried(body, texts.length, tokens, giveUpAt),
    );
  }

  #retried(body: object, count: number, tokens: number, giveUpAt: number): Promise<VectorBytes[]> {
    return retry(() => this.#attempt(body, count, tokens, giveUpAt), {
      maxAttempts,
      giveUpAt,
      backoffMs: (failed) => jitteredMs(backoff, failed),
      clock: this.#clock,
      exhausted: ({ kind, error }, failed) =>
        kind === "defer"
          ? new EmbeddingThrottledError(this.model, { cause: error })
          : new EmbeddingUnavailableError(this.model, failed, error, this.#words(error)),
    });
  }

  async #attempt(
    body: object,
    count: number,
    tokens: number,
    giveUpAt: number,
  ): Promise<Attempt<VectorBytes[]>> {
    await this.#waitForTurn(tokens, giveUpAt);
    const answer = await inModelCall(
      { operation: "embeddings", provider: this.provider, model: this.model },
      () => this.#send(body, giveUpAt),
      (given) => ({ model: given?.model, inputTokens: given?.usage?.total_tokens }),
    ).catch((error: Error) => error);
    if (!(answer instanceof Error)) {
      await this.#giveBack(tokens - (answer?.usage?.total_tokens ?? tokens));
      return { kind: "done", value: vectorsIn(answer, count, this) };
    }
    const verdict = judge(answer);
    if (verdict.kind === "refused") {
      throw new EmbeddingRefusedError(this.model, answer, this.#words(answer));
    }
    if (verdict.kind === "not-allowed") throw new EmbeddingNotAllowedError(this.model, this.#words(answer));
    if (verdict.kind === "defer") await this.#giveBack(tokens);
    return { ...verdict, error: answer };
  }

  async #waitForTurn(tokens: number, giveUpAt: number): Promise<void> {
    const wait = await this.#limiter.book(tokens, giveUpAt - this.#clock.now());
    if (wait === undefined) throw new EmbeddingThrottledError(this.model);
    if (wait > 0) await this.#clock.sleep(wait);
  }

  /** If returning tokens fails, the limiter is only slower; the vectors are kept. */
  async #giveBack(tokens: number): Promise<void> {
    if (tokens >= minTokensGivenBack) await this.#limiter.giveBack(tokens).catch(() => undefined);
  }

  /** The request, as the provider's API has it. */
  protected body(input: readonly string[], _purpose: Purpose): object {
    return embeddingsBody(this, input);
  }

  #send(body: object, giveUpAt: number): Promise<Base64Answer | undefined> {
    return this.#client.embeddings.create(
      // The client sends what it is given, and types only OpenAI's own fields.
      body as OpenAI.EmbeddingCreateParams & { encoding_format: "base64" },
      { timeout: Math.max(1, Math.min(maxRequestMs, giveUpAt - this.#clock.now())) },
    );
  }

  /** The provider's message without the key, which some providers echo (F24). */
  #words(error: Error): string {
    return safeWords(error.message, this.#apiKey);
  }
}
