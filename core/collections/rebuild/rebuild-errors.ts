import type { ShardName } from "../../../contract/collections.ts";
import { documentModel } from "../../documents/documents.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";

const maxNamed = 5;

/** Documents that cannot be rebuilt from deltas, by document key, each with the reason. */
export type LeftOut = ReadonlyMap<string, string>;

/** A rebuilt generation would lack documents that the published one may have. */
export class RebuildIncompleteError extends VectorkeepError {
  constructor(shard: ShardName, leftOut: LeftOut) {
    super(
      `${shard} was not rebuilt: ${leftOut.size} ${documentModel.noun}s cannot be read from their deltas (${named(leftOut)}).`,
      "The published generation stays. `npm run verify -- --repair` embeds lost deltas again; then rebuild again.",
    );
  }
}

/** None of the deltas can be used. */
export class NothingRebuiltError extends VectorkeepError {
  constructor(shard: ShardName, leftOut: LeftOut) {
    super(
      `${shard} was not rebuilt: none of its ${leftOut.size} ${documentModel.noun}s can be read from its delta (${named(leftOut)}).`,
      "Compare embedding:model and embedding:dimensions, and the deltas bucket, with what made the deltas.",
    );
  }
}

/** Deltas could not be fetched in a whole pass. */
export class RebuildStalledError extends VectorkeepError {
  constructor(shard: ShardName, left: number) {
    super(
      `The rebuild of ${shard} makes no progress: ${left} deltas could not be fetched.`,
      "Try again: it continues from its last checkpoint. The log says why they could not be fetched.",
    );
  }
}

function named(leftOut: LeftOut): string {
  const first = [...leftOut].slice(0, maxNamed).map(([document, why]) => `${document}: ${why}`);
  return leftOut.size > maxNamed ? `${first.join("; ")}; and more` : first.join("; ");
}
