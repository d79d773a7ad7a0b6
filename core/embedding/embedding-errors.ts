import { DeferredError } from "../queues/deferred-error.ts";
import { InputError, VectorkeepError } from "../vectorkeep-error.ts";
import type { VectorBytes } from "./embedder.ts";

/** The provider returned vectors with other dimensions than the stack's collections. */
export class WrongDimensionsError extends VectorkeepError {
  constructor(model: string, expected: number, bytes: number) {
    super(
      `Model ${model} returned a vector with ${bytes / 4} dimensions; this stack's collections have ${expected}.`,
      "Set embedding:model and embedding:dimensions to a combination that the provider supports.",
    );
  }
}

/** The provider's response does not match the texts of the request. */
export class EmbeddingAnswerInvalidError extends VectorkeepError {
  constructor(model: string, what: string) {
    super(
      `The response of model ${model} is invalid: ${what}.`,
      "Check that embedding:baseUrl is a server that implements OpenAI's embeddings API with base64.",
    );
  }
}

/** The provider refuses this input permanently. */
export class EmbeddingRefusedError extends InputError {
  /** The provider's message, without anything that looks like a key. */
  readonly words: string;

  constructor(model: string, cause: Error, words = cause.message) {
    super(
      `Model ${model} refused the texts: ${words}.`,
      "Check the receipt's rows for an empty or unreadable text, and the settings for one that the model does not support.",
      { cause },
    );
    this.words = words;
  }
}

/** Some vectors of a response are invalid; `answers` has the valid ones, which are already paid for. */
export class VectorsUnusableError extends InputError {
  readonly answers: readonly (VectorBytes | VectorUnusableError)[];

  constructor(answers: readonly (VectorBytes | VectorUnusableError)[]) {
    const unusable = answers.filter((answer) => answer instanceof VectorUnusableError);
    super(
      `${unusable.length} of ${answers.length} vectors are invalid; the first: ${unusable[0]?.message}`,
      "The other texts of the request are embedded.",
    );
    this.answers = answers;
  }
}

/** The provider returned an invalid vector: NaN, infinity, only zeros, or other dimensions. */
export class VectorUnusableError extends InputError {
  constructor(model: string, problem: string) {
    super(
      `Model ${model} returned an invalid vector for a text: ${problem}.`,
      "Nothing was stored. Send the text again once the provider works.",
    );
  }
}

/** The provider refuses every request: the key, the quota, the URL or a setting is wrong. */
export class EmbeddingNotAllowedError extends VectorkeepError {
  /** `what` is the provider's message, without anything that looks like a key: some providers echo it. */
  constructor(model: string, what: string) {
    super(
      `The provider does not let this stack use model ${model}: ${what}.`,
      "Check the secret embedding:apiKey, the account's quota, embedding:baseUrl, embedding:model and embedding:dimensions.",
    );
  }
}

/** Limits are per minute. */
const throttledSeconds = 60;

/** The rate limits of requests and tokens per minute left no capacity before the caller's deadline. */
export class EmbeddingThrottledError extends DeferredError {
  constructor(model: string, options?: ErrorOptions) {
    super(
      `The rate limit of model ${model} left no capacity before the deadline.`,
      "The work is retried later. Raise embedding:requestsPerMinute and embedding:tokensPerMinute if the account allows more.",
      throttledSeconds,
      options,
    );
  }
}

/** The provider failed or could not be reached, after retries. */
export class EmbeddingUnavailableError extends VectorkeepError {
  constructor(model: string, attempts: number, cause: Error, words = cause.message) {
    super(
      `Model ${model} could not be reached in ${attempts} attempts: ${words}.`,
      "The work is retried later. Check the provider's status and embedding:baseUrl.",
      { cause },
    );
  }
}
