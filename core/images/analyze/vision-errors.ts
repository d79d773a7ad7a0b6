import { DeferredError } from "../../queues/deferred-error.ts";
import { InputError, VectorkeepError } from "../../vectorkeep-error.ts";
import type { Usage } from "./vision-provider.ts";

/** A paid request without a usable answer. The same request would cost the same again. */
export abstract class PaidInVainError extends InputError {
  readonly usage: Usage;
  /** The message moves to the dead-letter queue without retries. */
  readonly isFinal = true;

  constructor(what: string, remedy: string, usage: Usage) {
    super(what, remedy);
    this.usage = usage;
  }
}

/** The model refuses to describe the image. */
export class VisionRefusedError extends PaidInVainError {
  constructor(model: string, reason: string, usage: Usage = { inputTokens: 0, outputTokens: 0 }) {
    super(
      `Model ${model} refused the image: ${reason}.`,
      "Replay it with `npm run failed`, with images:fallbackProvider set to another provider, or purge it.",
      usage,
    );
  }
}

/** The answer is not an analysis: not JSON, unexpected fields, or truncated twice. */
export class VisionAnswerInvalidError extends PaidInVainError {
  constructor(model: string, problem: string, answer: string, usage: Usage) {
    super(
      `The answer of model ${model} is not an analysis: ${problem}. It begins: ${answer.slice(0, 200)}.`,
      "Replay it with `npm run failed`, or set images:anthropicModel or images:openAiModel to a model with structured output.",
      usage,
    );
  }
}

/** The rate limit leaves no capacity before the deadline. */
export class VisionThrottledError extends DeferredError {
  constructor(model: string, delaySeconds: number, options?: ErrorOptions) {
    super(
      `The rate limit of model ${model} leaves no capacity before the deadline.`,
      "The message is redelivered. Raise images:requestsPerMinute and images:tokensPerMinute if the account allows more.",
      delaySeconds,
      options,
    );
  }
}

/** The provider failed or was unreachable, after retries. */
export class VisionUnavailableError extends VectorkeepError {
  constructor(model: string, attempts: number, words: string, options?: ErrorOptions) {
    super(
      `Model ${model} could not be reached in ${attempts} attempts: ${words}.`,
      "The message is redelivered. Check the provider's status, or set images:fallbackProvider.",
      options,
    );
  }
}

/** The provider rejects every request because of the key, the account or the model. */
export class VisionNotAllowedError extends VectorkeepError {
  constructor(model: string, words: string, options?: ErrorOptions) {
    super(
      `The provider does not let this stack use model ${model}: ${words}.`,
      "Check the secret of images:anthropicApiKey or images:openAiApiKey, the account's credit and the model's name.",
      options,
    );
  }
}
