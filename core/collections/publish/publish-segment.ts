import { generationName } from "../generations/generation-name.ts";
import type { Generations } from "../generations/generations.ts";
import { type Head, type HeadOverlay, PublishConflictError } from "../generations/head.ts";
import { overlayFigures } from "../generations/overlay-figures.ts";
import { type PublishOverDeps, publishOver } from "../generations/publish-over.ts";
import type { Lease } from "../lease/lease.ts";
import type { DeltaTarget } from "../merge/check-delta.ts";
import type { SegmentEntry } from "../segments/entry.ts";
import { countOver, overlayOf, segmentsToMerge } from "../segments/overlay.ts";
import type { PublishedState } from "./published-state.ts";

export interface PublishSegmentDeps extends PublishOverDeps {
  readonly target: DeltaTarget;
  readonly generations: Generations;
  /** Reads a head that a fold has moved; undefined if nothing can be published above it. */
  readonly openPublished: (head: Head | undefined) => Promise<PublishedState | undefined>;
  readonly onStep: (step: "write segment" | "move head") => void;
}

export interface PublishedSegment {
  readonly head: Head;
  readonly bytesWritten: number;
  readonly count: number;
  readonly segments: number;
  readonly overlay: HeadOverlay;
}

/**
 * Publishes entries as a segment above the published state, without writing a vector or a file of the base. If a fold
 * moves the head in the meantime, the entries go above the new base; no delta or item is read again. Throws
 * PublishConflictError and LeaseLostError.
 */
export async function publishSegment(
  deps: PublishSegmentDeps,
  lease: Lease,
  from: Head | undefined,
  published: PublishedState,
  entries: readonly SegmentEntry[],
): Promise<PublishedSegment> {
  const { shard, onStep } = deps;
  let bytesWritten = 0;
  let written: Written | undefined;
  const head = await publishOver(deps, lease, from, async (now) => {
    const state = now === from ? published : await deps.openPublished(now);
    if (state === undefined) throw new PublishConflictError(shard, now?.name ?? "");
    onStep("write segment");
    written = await writeSegment(deps, lease, now, state, entries);
    bytesWritten += written.bytesWritten;
    onStep("move head");
    return written.to;
  });
  if (written === undefined) throw new RangeError("What is published was written.");
  const { count, segments, overlay } = written;
  return { head, bytesWritten, count, segments, overlay };
}

interface Written extends Omit<PublishedSegment, "head"> {
  readonly to: Pick<Head, "generation" | "name" | "base" | "overlay">;
}

async function writeSegment(
  { target, generations }: PublishSegmentDeps,
  lease: Lease,
  from: Head | undefined,
  published: PublishedState,
  entries: readonly SegmentEntry[],
): Promise<Written> {
  const { model, dimensions } = target;
  const older = published.segments;
  const merged = segmentsToMerge(
    older.map((segment) => segment.entries),
    entries.length,
  );
  const kept = older.slice(0, older.length - merged);
  const tail = await Promise.all(older.slice(kept.length).map((stored) => generations.segments.read(stored)));
  const overlay = overlayOf([[...published.overlay.values()], entries]);
  const generation = (from?.generation ?? 0) + 1;
  const name = generationName(generation, lease.token);
  const segment = await generations.segments.write(name, [...overlayOf([...tail, entries]).values()]);
  const base = from?.name ?? null;
  const { database, databaseCount, index } = published;
  const count = countOver({ count: databaseCount, index }, overlay);
  const segments = [...kept, segment];
  const manifestBytes = await generations.writeOverlay({
    name,
    base,
    model,
    dimensions,
    count,
    documents: entries.map(({ document }) => document),
    database,
    databaseCount,
    segments,
  });
  const figures = overlayFigures({ database, databaseCount, index, overlay, segments }, from?.overlay);
  return {
    to: { generation, name, base, overlay: figures },
    bytesWritten: segment.size + manifestBytes,
    count,
    segments: segments.length,
    overlay: figures,
  };
}
