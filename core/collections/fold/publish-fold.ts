import type { ShardName } from "../../../contract/collections.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import { generationName } from "../generations/generation-name.ts";
import type { Head } from "../generations/head.ts";
import type { SegmentRef } from "../generations/manifest.ts";
import { overlayFigures } from "../generations/overlay-figures.ts";
import { publishOver } from "../generations/publish-over.ts";
import type { Lease } from "../lease/lease.ts";
import { openPublished } from "../publish/published-state.ts";
import type { BaseIndex } from "../segments/base-index.ts";
import type { SegmentEntry } from "../segments/entry.ts";
import { countOver, type Overlay, overlayOf } from "../segments/overlay.ts";
import type { FoldDeps } from "./fold-deps.ts";
import { overlayAbove } from "./overlay-above.ts";

/** The head is no longer built on what the fold merged. */
export class FoldOutdatedError extends VectorkeepError {
  constructor(shard: ShardName, head: string | undefined) {
    super(
      `A fold of ${shard} was not published: the head (${head ?? "none"}) is no longer built on what it folded.`,
      "A restore, a rebuild or a repair came first. If a fold is still due, it is requested again.",
    );
  }
}

/** A base that is written but not published. */
export interface FoldedBase {
  readonly name: string;
  /** The base that it replaces. */
  readonly from: string | null;
  readonly index: BaseIndex;
  readonly databaseCount: number;
  /** The entries that were merged into it. */
  readonly settled: Overlay;
  /** The entries that were not, and the segment that holds them. */
  readonly carried: readonly SegmentEntry[];
  readonly segments: readonly SegmentRef[];
  readonly bytesWritten: number;
}

/**
 * Publishes a base in place of the one that it follows. Changes published since the fold began stay above it; for these
 * only a manifest and a segment are written, again after each concurrent publish. Throws FoldOutdatedError and
 * LeaseLostError.
 */
export async function publishFold(
  deps: FoldDeps,
  lease: Lease,
  from: Head,
  folded: FoldedBase,
): Promise<{ readonly head: Head; readonly attempts: number }> {
  const { index, databaseCount } = folded;
  let attempts = 0;
  const head = await publishOver(deps, lease, from, async (now) => {
    attempts += 1;
    const generation = (now?.generation ?? 0) + 1;
    if (now?.name === from.name) {
      const { name, segments } = folded;
      const layers = { database: name, databaseCount, index, overlay: overlayOf([folded.carried]), segments };
      return { generation, name, base: from.name, overlay: overlayFigures(layers, undefined) };
    }
    const state = await openPublished(deps, now);
    const rest = state?.database === folded.from ? overlayAbove(state.overlay, folded.settled) : undefined;
    if (now === undefined || state === undefined || rest === undefined) {
      throw new FoldOutdatedError(deps.shard, now?.name);
    }
    return await writeOver(deps, lease, now, folded, rest);
  });
  return { head, attempts };
}

async function writeOver(
  { target, generations }: FoldDeps,
  lease: Lease,
  now: Head,
  { name: database, index, databaseCount }: FoldedBase,
  rest: Overlay,
) {
  const { model, dimensions } = target;
  const generation = now.generation + 1;
  const name = generationName(generation, lease.token);
  const segments = rest.size === 0 ? [] : [await generations.segments.write(name, [...rest.values()])];
  await generations.writeOverlay({
    name,
    base: now.name,
    model,
    dimensions,
    count: countOver({ count: databaseCount, index }, rest),
    // The new generation has the same content, so no document has changed.
    documents: [],
    database,
    databaseCount,
    segments,
  });
  const layers = { database, databaseCount, index, overlay: rest, segments };
  return { generation, name, base: now.name, overlay: overlayFigures(layers, undefined) };
}
