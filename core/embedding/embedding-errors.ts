import { InputError, VectorkeepError } from "../vectorkeep-error.ts";
import type { VectorBytes } from "./embedder.ts";

/** The provider gave vectors of another length than the stack's collections hold. */
export class WrongDimensionsError extends VectorkeepError {
  constructor(model: string, expected: number, bytes: number) {
    super(
      `Model ${model} answered a vector of ${bytes / 4} dimensions; this stack's collections hold ${expected}.`,
      "Set embedding:model and embedding:dimensions to a pair that the provider has.",
    );
  }
}

/** The provider's answer cannot be matched to the texts that were sent. */
export class EmbeddingAnswerInvalidError extends VectorkeepError {
  constructor(model: string, what: string) {
    super(
      `The answer of model ${model} is not usable: ${what}.`,
      "Check that embedding:baseUrl names a server that speaks OpenAI's embeddings API with base64.",
    );
  }
}

/** The provider refuses this very input; sending it again would not help. */
export class EmbeddingRefusedError extends InputError {
  /** What the provider said, without anything that looks like a key. */
  readonly words: string;

  constructor(model: string, cause: Error, words = cause.message) {
    super(
      `Model ${model} refused the texts: ${words}.`,
      "Look for an empty or unreadable text in the receipt's rows, or for a setting that the model does not have.",
      { cause },
    );
    this.words = words;
  }
}

/** Some of a request's vectors are none; `answers` has the others, which are paid for. */
export class VectorsUnusableError extends InputError {
  readonly answers: readonly (VectorBytes | VectorUnusableError)[];

  constructor(answers: readonly (VectorBytes | VectorUnusableError)[]) {
    const unusable = answers.filter((answer) => answer instanceof VectorUnusableError);
    super(
      `${unusable.length} of ${answers.length} vectors are unusable; the first: ${unusable[0]?.message}`,
      "The other texts of the request have theirs.",
    );
    this.answers = answers;
  }
}

/** The provider answered a text with numbers that are no vector: NaN, an infinity, zeros alone, another length. */
export class VectorUnusableError extends InputError {
  constructor(model: string, problem: string) {
    super(
      `Model ${model} answered a text with numbers that are no vector: ${problem}.`,
      "Nothing of it is stored; send the text again once the provider is mended.",
    );
  }
}

/** The provider refuses the caller, whatever the input: the key, the quota, the address or a setting is wrong. */
export class EmbeddingNotAllowedError extends VectorkeepError {
  /** `what` the provider said, without anything that looks like a key: some repeat it. */
  constructor(model: string, what: string) {
    super(
      `The provider does not let this stack use model ${model}: ${what}.`,
      "Check the secret embedding:apiKey, the account's quota, embedding:baseUrl, embedding:model and embedding:dimensions.",
    );
  }
}

/** The limits of requests and tokens a minute left no room in the time that the caller has. */
export class EmbeddingThrottledError extends VectorkeepError {
  constructor(model: string, options?: ErrorOptions) {
    super(
      `The rate limit of model ${model} left no room in the time given.`,
      "The work is tried again later; raise embedding:requestsPerMinute and embedding:tokensPerMinute if the account has more.",
      options,
    );
  }
}

/** The provider failed or could not be reached, also after retries. */
export class EmbeddingUnavailableError extends VectorkeepError {
  constructor(model: string, attempts: number, cause: Error, words = cause.message) {
    super(
      `Model ${model} could not be reached in ${attempts} attempts: ${words}.`,
      "The work is tried again later; check the provider's status and embedding:baseUrl.",
      { cause },
    );
  }
}
