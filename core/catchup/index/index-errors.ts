import type { Sink } from "../../../contract/catch-up-sinks.ts";
import { InputError, VectorkeepError } from "../../vectorkeep-error.ts";

interface SinkWords {
  readonly name: string;
  /** The settings that determine the access to the sink. */
  readonly access: string;
  /** The settings that determine its dimension. */
  readonly dimension: string;
}

const words: Readonly<Record<Sink, SinkWords>> = {
  pinecone: {
    name: "Pinecone",
    access: "the secret catchup:pineconeApiKey and the setting catchup:pineconeHost",
    dimension: "catchup:pineconeHost to an index of that dimension",
  },
  s3vectors: {
    name: "S3 Vectors",
    access: "the vector bucket of the stack and the policies of its functions; `pulumi up` restores both",
    dimension: "catchup:namespace, or that of the request, to a namespace of that dimension",
  },
  chroma: {
    name: "Chroma",
    access: "the setting catchup:chromaUrl and the secret catchup:chromaApiKey",
    dimension: "catchup:namespace, or that of the request, to a namespace of that dimension",
  },
};

/** The display name of a sink. */
export function nameOf(sink: Sink): string {
  return words[sink].name;
}

/** The sink rejects these vectors permanently. */
export class VectorsRefusedError extends InputError {
  constructor(sink: Sink, cause: Error) {
    super(
      `${nameOf(sink)} refused the vectors: ${cause.message}`,
      "The failed records of the task list the rows.",
      { cause },
    );
  }
}

/**
 * The sink denies access, or has no index at its address. The sink's message is omitted, because it may contain the
 * key.
 */
export class IndexNotAllowedError extends VectorkeepError {
  constructor(sink: Sink, what: string) {
    const { name, access } = words[sink];
    super(`${name} refuses writes by this stack: ${what}.`, `Check ${access}.`);
  }
}

/** The index has other dimensions than the stack's model. */
export class IndexOfAnotherDimensionError extends VectorkeepError {
  constructor(sink: Sink, held: number, given: number) {
    const { name, dimension } = words[sink];
    super(
      `The index in ${name} holds vectors of ${held} dimensions; this stack's model gives ${given}.`,
      `Set ${dimension}, or embedding:model and embedding:dimensions to the index's.`,
    );
  }
}

/** The sink failed or was unreachable, after retries. */
export class IndexUnavailableError extends VectorkeepError {
  constructor(sink: Sink, cause: Error) {
    const { name, access } = words[sink];
    super(
      `${name} could not be reached: ${cause.message}`,
      `The chunk is retried. Check the status of ${name}, and ${access}.`,
      { cause },
    );
  }
}

/**
 * The sink's rate limit defers the request beyond the caller's deadline. It is not an attempt; the work is retried
 * later.
 */
export class IndexThrottledError extends VectorkeepError {
  constructor(sink: Sink) {
    super(
      `The rate limit of ${nameOf(sink)} left no capacity before the deadline.`,
      "The work is retried later.",
    );
  }
}
