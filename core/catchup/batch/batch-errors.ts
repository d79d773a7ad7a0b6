import { VectorkeepError } from "../../vectorkeep-error.ts";

/** The provider refuses a call of its Batch API permanently, so it had no effect. */
export class BatchRefusedError extends VectorkeepError {
  readonly words: string;

  /** `words` are the provider's, without anything that looks like a key. */
  constructor(words: string, options?: ErrorOptions) {
    super(
      `The provider refuses the batch: ${words}.`,
      "Use lane sync, or check that the account may use the Batch API and that embedding:baseUrl has one.",
      options,
    );
    this.words = words;
  }
}

/** A call of the Batch API failed, and may have had its effect all the same. */
export class BatchUnavailableError extends VectorkeepError {
  constructor(words: string, options?: ErrorOptions) {
    super(
      `The Batch API could not be reached: ${words}.`,
      "The call is made again later. Check the provider's status.",
      options,
    );
  }
}
