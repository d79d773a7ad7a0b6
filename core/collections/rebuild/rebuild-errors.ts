import type { ShardName } from "../../../contract/collections.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";

const maxNamed = 5;

/** Receipts that cannot be rebuilt from deltas, by receipt key, each with the reason. */
export type LeftOut = ReadonlyMap<string, string>;

/** A rebuilt generation would lack receipts that the published one may have. */
export class RebuildIncompleteError extends VectorkeepError {
  constructor(shard: ShardName, leftOut: LeftOut) {
    super(
      `${shard} was not rebuilt: ${leftOut.size} receipts cannot be read from their deltas (${named(leftOut)}).`,
      "The published generation stays. `npm run verify -- --repair` embeds lost deltas again; then rebuild again.",
    );
  }
}

/** None of the deltas can be used. */
export class NothingRebuiltError extends VectorkeepError {
  constructor(shard: ShardName, leftOut: LeftOut) {
    super(
      `${shard} was not rebuilt: none of its ${leftOut.size} receipts can be read from its delta (${named(leftOut)}).`,
      "Compare embedding:model and embedding:dimensions, and the deltas bucket, with what made the deltas.",
    );
  }
}

/** Deltas could not be fetched, again and again. */
export class RebuildStalledError extends VectorkeepError {
  constructor(shard: ShardName, left: number) {
    super(
      `The rebuild of ${shard} does not get on: ${left} deltas could not be fetched.`,
      "It goes on from its last checkpoint when it is tried again; the log says why they could not be fetched.",
    );
  }
}

function named(leftOut: LeftOut): string {
  const first = [...leftOut].slice(0, maxNamed).map(([receipt, why]) => `${receipt}: ${why}`);
  return leftOut.size > maxNamed ? `${first.join("; ")}; and more` : first.join("; ");
}
