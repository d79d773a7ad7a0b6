import type { Collection, ShardName } from "../../contract/collections.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";

/** Nothing has ever been published in this collection. */
export class NothingPublishedError extends VectorkeepError {
  constructor(collection: Collection) {
    super(
      `Nothing is published in collection ${collection} yet.`,
      "Send a document to the embed queue and ask again after its compaction.",
    );
  }
}

/** The published generation of a shard is not open in this process yet. */
export class NotOpenYetError extends VectorkeepError {
  constructor(shard: ShardName, problem: string | undefined) {
    super(
      `Collection ${shard} is not open yet${problem === undefined ? "" : `. ${problem}`}.`,
      "Ask again in a few seconds; GET /health shows the progress.",
    );
  }
}

/** The text of a query could not be embedded. */
export class QueryNotEmbeddedError extends VectorkeepError {
  constructor(cause: unknown) {
    super(
      `The embedding service did not embed the text: ${cause instanceof Error ? cause.message : String(cause)}`,
      "Ask again, or send `vector` instead of `text`.",
      { cause },
    );
  }
}

/** Another process listens on the port of the query service. */
export class PortTakenError extends VectorkeepError {
  constructor(host: string, port: number, cause: unknown) {
    super(
      `Port ${port} of ${host} is in use.`,
      "Stop the process that listens there, or set query:port to another one.",
      { cause },
    );
  }
}

/** The request needs an exact answer, and a shard has too many vectors to be held in memory. */
export class AnswerNotExactError extends VectorkeepError {
  constructor(asked: string, generation: string) {
    super(
      `Generation ${generation} has more vectors than query:exactVectors, and ${asked} needs them all in memory.`,
      "Raise query:exactVectors, or use more shards. Filters by equality work without.",
    );
  }
}

/** A shard has more vectors than fit in the memory of its function. */
export class ShardTooLargeError extends VectorkeepError {
  constructor(generation: string, vectors: number, maxVectors: number) {
    super(
      `Generation ${generation} has ${vectors} vectors, and query:lambdaMaxVectors is ${maxVectors}.`,
      "Raise it with query:lambdaMemoryMiB, use more shards, or set query:host to ecs.",
    );
  }
}

/** The function that searches a shard did not answer. */
export class ShardNotAnsweredError extends VectorkeepError {
  constructor(shard: ShardName, reason: string, options?: ErrorOptions) {
    super(`Shard ${shard} was not searched: ${reason}.`, "Its log group has the reason.", options);
  }
}

/** No published vector has this id. */
export class VectorUnknownError extends VectorkeepError {
  constructor(id: string) {
    super(
      `No published vector has the id ${id}.`,
      "Take an id from a hit, or ask again after its compaction.",
    );
  }
}

interface Model {
  readonly model: string;
  readonly dimensions: number;
}

/** The published vectors and the queries are embedded with different models, so they cannot be compared. */
export class GenerationOfAnotherModelError extends VectorkeepError {
  constructor(name: string, made: Model, own: Model) {
    super(
      `Generation ${name} was made with ${made.model} (${made.dimensions} dimensions), and queries are embedded with ${own.model} (${own.dimensions}).`,
      "Set embedding:model and embedding:dimensions back, or export every document again.",
    );
  }
}

export type GenerationRefusal = ShardTooLargeError | GenerationOfAnotherModelError;

/** Whether a generation is sound but does not match this stack's configuration, so that no retry can open it. */
export function isRefusal(error: unknown): error is GenerationRefusal {
  return error instanceof ShardTooLargeError || error instanceof GenerationOfAnotherModelError;
}
