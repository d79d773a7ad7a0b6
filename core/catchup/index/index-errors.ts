import { InputError, VectorkeepError } from "../../vectorkeep-error.ts";

/** The index refuses these vectors; sending them again would not help. */
export class VectorsRefusedError extends InputError {
  constructor(cause: Error) {
    super(`The index refused the vectors: ${cause.message}`, "Look at the failed records for the rows.", {
      cause,
    });
  }
}

/** The index refuses the caller or has no such place. Its own words are left out: some repeat the key. */
export class IndexNotAllowedError extends VectorkeepError {
  constructor(what: string) {
    super(
      `The index does not let this stack write: ${what}.`,
      "Check the secret catchup:pineconeApiKey and the setting catchup:pineconeHost.",
    );
  }
}

/** The index holds vectors of another length than the stack's model gives. */
export class IndexOfAnotherDimensionError extends VectorkeepError {
  constructor(held: number, given: number) {
    super(
      `The index holds vectors of ${held} dimensions; this stack's model gives ${given}.`,
      "Set catchup:pineconeHost to an index of that dimension, or embedding:model and embedding:dimensions to the index's.",
    );
  }
}

/** The index failed or could not be reached, also after retries. */
export class IndexUnavailableError extends VectorkeepError {
  constructor(cause: Error) {
    super(
      `The index could not be reached: ${cause.message}`,
      "The chunk is tried again; check Pinecone's status and the setting catchup:pineconeHost.",
      { cause },
    );
  }
}

/** Pinecone's Retry-After exceeds the caller's deadline. Not an attempt: the work is deferred. */
export class IndexThrottledError extends VectorkeepError {
  constructor() {
    super("Pinecone's rate limit left no room in the time given.", "The work is tried again later.");
  }
}
