import { Failure, InputFailure } from "../failure.ts";

/** The provider gave vectors of another length than the stack's collections hold. */
export class WrongDimensions extends Failure {
  constructor(model: string, expected: number, bytes: number) {
    super(
      `Model ${model} answered a vector of ${bytes / 4} dimensions; this stack's collections hold ${expected}.`,
      "Set embedding:model and embedding:dimensions to a pair that the provider has.",
    );
  }
}

/** The provider's answer cannot be matched to the texts that were sent. */
export class EmbeddingAnswerInvalid extends Failure {
  constructor(model: string, what: string) {
    super(
      `The answer of model ${model} is not usable: ${what}.`,
      "Check that embedding:baseUrl names a server that speaks OpenAI's embeddings API with base64.",
    );
  }
}

/** The provider refuses this very input; sending it again would not help. */
export class EmbeddingRefused extends InputFailure {
  constructor(model: string, cause: Error) {
    super(
      `Model ${model} refused the texts: ${cause.message}.`,
      "Look for an empty or unreadable text in the receipt's rows, or for a setting that the model does not have.",
      { cause },
    );
  }
}

/**
 * The provider refuses the caller, whatever the input: the key, the quota or the address is wrong.
 * Its own words are left out, because some providers repeat the key in them.
 */
export class EmbeddingNotAllowed extends Failure {
  constructor(model: string, status: number | undefined, code: string | null | undefined) {
    super(
      `The provider does not let this stack use model ${model}: HTTP ${status} ${code ?? "without a code"}.`,
      "Check the secret embedding:apiKey, the account's quota, embedding:baseUrl and embedding:model.",
    );
  }
}

/** The limits of requests and tokens a minute left no room in the time that the caller has. */
export class EmbeddingThrottled extends Failure {
  constructor(model: string, options?: ErrorOptions) {
    super(
      `The rate limit of model ${model} left no room in the time given.`,
      "The work is tried again later; raise embedding:requestsPerMinute and embedding:tokensPerMinute if the account has more.",
      options,
    );
  }
}

/** The provider failed or could not be reached, also after retries. */
export class EmbeddingUnavailable extends Failure {
  constructor(model: string, attempts: number, cause: Error) {
    super(
      `Model ${model} could not be reached in ${attempts} attempts: ${cause.message}.`,
      "The work is tried again later; check the provider's status and embedding:baseUrl.",
      { cause },
    );
  }
}
