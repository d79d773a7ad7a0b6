import { InputError, VectorkeepError } from "../../vectorkeep-error.ts";

/** The index refuses these vectors permanently. */
export class VectorsRefusedError extends InputError {
  constructor(cause: Error) {
    super(
      `The index refused the vectors: ${cause.message}`,
      "The failed records of the task list the rows.",
      {
        cause,
      },
    );
  }
}

/** The index refuses the caller or does not exist. Its message is omitted, because it may echo the key. */
export class IndexNotAllowedError extends VectorkeepError {
  constructor(what: string) {
    super(
      `The index refuses writes by this stack: ${what}.`,
      "Check the secret catchup:pineconeApiKey and the setting catchup:pineconeHost.",
    );
  }
}

/** The index has other dimensions than the stack's model. */
export class IndexOfAnotherDimensionError extends VectorkeepError {
  constructor(held: number, given: number) {
    super(
      `The index holds vectors of ${held} dimensions; this stack's model gives ${given}.`,
      "Set catchup:pineconeHost to an index of that dimension, or embedding:model and embedding:dimensions to the index's.",
    );
  }
}

/** The index failed or could not be reached, after retries. */
export class IndexUnavailableError extends VectorkeepError {
  constructor(cause: Error) {
    super(
      `The index could not be reached: ${cause.message}`,
      "The chunk is retried. Check Pinecone's status and the setting catchup:pineconeHost.",
      { cause },
    );
  }
}

/**
 * Pinecone's rate limit defers the request beyond the caller's deadline. It is not an attempt; the work is retried
 * later.
 */
export class IndexThrottledError extends VectorkeepError {
  constructor() {
    super("Pinecone's rate limit left no capacity before the deadline.", "The work is retried later.");
  }
}
