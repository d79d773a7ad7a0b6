import type { ShardName } from "../../contract/collections.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";

/** The time limit of the function ended the work. What it has written stays. */
export class MirrorOverdueError extends VectorkeepError {
  constructor(shard: ShardName, step: string) {
    super(
      `The mirror of ${shard} was not finished in time; the next step was: ${step}.`,
      "The next run continues. If it persists, split the collections by compaction:collectionShards.",
    );
  }
}

/** The vector index of a shard does not exist. */
export class MirrorIndexMissingError extends VectorkeepError {
  constructor(name: string) {
    super(`There is no vector index ${name}.`, "`pulumi up` creates it, and the next run fills it.");
  }
}

/** Another process has moved the mirror's head, or holds its lease. */
export class MirrorConflictError extends VectorkeepError {
  constructor(shard: ShardName, name: string) {
    super(
      `The mirror of ${shard} was not moved to generation ${name}: another process has moved it or holds its lease.`,
      "Nothing is lost; the next run compares the mirror with what is published.",
    );
  }
}
