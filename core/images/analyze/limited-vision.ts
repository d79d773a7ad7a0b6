import { safeWords } from "../../embedding/provider-error.ts";
import { jitteredMs } from "../../resilience/backoff.ts";
import type { Clock } from "../../resilience/clock.ts";
import type { RateLimiter } from "../../resilience/rate-limiter.ts";
import { type Attempt, retry } from "../../resilience/retry.ts";
import { inModelCall } from "../../tracing/model-call.ts";
import { type Analysis, prompt, readAnalysis } from "./analysis.ts";
import { judgeVision } from "./judge-vision.ts";
import {
  VisionAnswerInvalidError,
  VisionNotAllowedError,
  VisionRefusedError,
  VisionThrottledError,
  VisionUnavailableError,
} from "./vision-errors.ts";
import type { Usage, VisionAnswer, VisionProvider } from "./vision-provider.ts";

const maxAttempts = 4;
const backoff = { firstMs: 500, maxMs: 10_000 };
const maxRequestMs = 120_000;
/** Maximum tokens of an answer. A truncated answer is requested once more with the second limit. */
const outputTokens = 4_096;
const moreOutputTokens = 16_384;
/** An estimate for the prompt, the schema and an image of 1568 x 1568. */
const inputTokens = 5_000;
/** The delay of a message if the limiter has no capacity: about the limiter's window. */
const throttledSeconds = 60;

export interface LimitedVisionOptions {
  readonly provider: VisionProvider;
  readonly apiKey: string;
  readonly limiter: RateLimiter;
  /** USD per million tokens. */
  readonly price: { readonly input: number; readonly output: number };
  /** Epoch milliseconds. */
  readonly giveUpAt: number;
  readonly clock: Clock;
}

export interface Analyzed {
  readonly analysis: Analysis;
  readonly model: string;
  readonly requestId: string | undefined;
  readonly usage: Usage;
}

/** A provider with the shared rate limit, retries and validated answers. Throws the errors of vision-errors.ts. */
export class LimitedVision {
  readonly #options: LimitedVisionOptions;

  constructor(options: LimitedVisionOptions) {
    this.#options = options;
  }

  get name() {
    return this.#options.provider.name;
  }

  get model() {
    return this.#options.provider.model;
  }

  costOf({ inputTokens: input, outputTokens: output }: Usage): number {
    const { price } = this.#options;
    return (input * price.input + output * price.output) / 1_000_000;
  }

  async analyze(jpeg: Uint8Array): Promise<Analyzed> {
    const first = await this.#ask(jpeg, outputTokens);
    if (first.ended !== "cut") return this.#read(first, first.usage);
    const second = await this.#ask(jpeg, moreOutputTokens);
    return this.#read(second, sum(first.usage, second.usage));
  }

  #read({ ended, refusal, text, model, requestId }: VisionAnswer, usage: Usage): Analyzed {
    if (ended === "refused") throw new VisionRefusedError(this.model, refusal ?? "without a reason", usage);
    if (ended === "cut") {
      throw new VisionAnswerInvalidError(this.model, `longer than ${moreOutputTokens} tokens`, text, usage);
    }
    const read = readAnalysis(text);
    if ("problem" in read) throw new VisionAnswerInvalidError(this.model, read.problem, text, usage);
    return { analysis: read.analysis, model, requestId, usage };
  }

  #ask(jpeg: Uint8Array, maxOutputTokens: number): Promise<VisionAnswer> {
    const { giveUpAt, clock } = this.#options;
    return retry(() => this.#attempt(jpeg, maxOutputTokens), {
      maxAttempts,
      giveUpAt,
      backoffMs: (failed) => jitteredMs(backoff, failed),
      clock,
      exhausted: ({ kind, delayMs, error }, failed) =>
        kind === "defer"
          ? new VisionThrottledError(this.model, seconds(delayMs), { cause: error })
          : new VisionUnavailableError(this.model, failed, this.#words(error), { cause: error }),
    });
  }

  async #attempt(jpeg: Uint8Array, maxOutputTokens: number): Promise<Attempt<VisionAnswer>> {
    const { provider, limiter, giveUpAt, clock } = this.#options;
    const booked = inputTokens + maxOutputTokens;
    const wait = await limiter.book(booked, giveUpAt - clock.now());
    if (wait === undefined) throw new VisionThrottledError(this.model, throttledSeconds);
    if (wait > 0) await clock.sleep(wait);
    const timeoutMs = Math.max(1, Math.min(maxRequestMs, giveUpAt - clock.now()));
    const answer = await inModelCall(
      { operation: "chat", provider: provider.name, model: provider.model },
      () => provider.ask({ jpeg, prompt, maxOutputTokens, timeoutMs }),
      ({ model, responseId: id, usage }) => ({ model, id, ...usage }),
    ).catch((error: Error) => error);
    if (!(answer instanceof Error)) {
      await this.#giveBack(booked - answer.usage.inputTokens - answer.usage.outputTokens);
      return { kind: "done", value: answer };
    }
    const verdict = judgeVision(answer);
    await this.#giveBack(verdict.kind === "retry" ? 0 : booked);
    if (verdict.kind === "refused") throw new VisionRefusedError(this.model, this.#words(answer));
    if (verdict.kind === "not-allowed") {
      throw new VisionNotAllowedError(this.model, this.#words(answer), { cause: answer });
    }
    return { ...verdict, error: answer };
  }

  /** Ignores failures: they only make the limiter slower. */
  async #giveBack(tokens: number): Promise<void> {
    if (tokens > 0) await this.#options.limiter.giveBack(tokens).catch(() => undefined);
  }

  #words(error: Error): string {
    return safeWords(error.message, this.#options.apiKey);
  }
}

function sum(one: Usage, other: Usage): Usage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
  };
}

function seconds(ms: number | undefined): number {
  return Math.max(1, Math.ceil((ms ?? throttledSeconds * 1_000) / 1_000));
}
