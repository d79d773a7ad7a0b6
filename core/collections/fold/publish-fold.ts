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

/** What a fold has written is not what the head needs any more. */
export class FoldOutdatedError extends VectorkeepError {
  constructor(shard: ShardName, head: string | undefined) {
    super(
      `A fold of ${shard} is not published: ${head ?? "no head"} is not made of what it has folded.`,
      "A restore, a rebuild or a repair came first. The fold is asked for again where it is due.",
    );
  }
}

/** A base that is written and not published. */
export interface FoldedBase {
  readonly name: string;
  /** The base that it follows. */
  readonly from: string | null;
  readonly index: BaseIndex;
  readonly databaseCount: number;
  /** What has got into it, as the segments said it. */
  readonly settled: Overlay;
  /** What has not, and the segment of it. */
  readonly carried: readonly SegmentEntry[];
  readonly segments: readonly SegmentRef[];
  readonly bytesWritten: number;
}

/**
 * Publishes a base in place of the one that it follows. What was published since the fold began stays above it: then only a
 * manifest is written, again for each publish that comes between. Throws FoldOutdatedError, and LeaseLostError.
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
    // It says the same in another way.
    documents: [],
    database,
    databaseCount,
    segments,
  });
  const layers = { database, databaseCount, index, overlay: rest, segments };
  return { generation, name, base: now.name, overlay: overlayFigures(layers, undefined) };
}
