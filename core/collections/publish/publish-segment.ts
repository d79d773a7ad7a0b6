import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../../contract/collections.ts";
import type { Generations } from "../generations/generations.ts";
import { generationName, type Head, moveHead } from "../generations/head.ts";
import type { Lease } from "../lease/lease.ts";
import type { DeltaTarget } from "../merge/check-delta.ts";
import type { SegmentEntry } from "../segments/entry.ts";
import { countOver, overlayOf, segmentsToMerge, vectorsIn } from "../segments/overlay.ts";
import type { PublishedState } from "./published-state.ts";

export interface PublishSegmentDeps {
  readonly shard: ShardName;
  readonly target: DeltaTarget;
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly generations: Generations;
  readonly onStep: (step: "write segment" | "move head") => void;
}

export interface PublishedSegment {
  readonly head: Head;
  readonly bytesWritten: number;
  readonly count: number;
  readonly segments: number;
  /** Vectors of the deltas that the segments name. */
  readonly overlayVectors: number;
}

/**
 * Publishes entries as a segment above what is published, and nothing else is written: neither a vector nor a file of the
 * base. Throws PublishConflictError and LeaseLostError.
 */
export async function publishSegment(
  deps: PublishSegmentDeps,
  lease: Lease,
  from: Head | undefined,
  published: PublishedState,
  entries: readonly SegmentEntry[],
): Promise<PublishedSegment> {
  const { shard, target, control, generations, onStep } = deps;
  const { model, dimensions } = target;
  const older = published.segments;
  const merged = segmentsToMerge(
    older.map((segment) => segment.entries),
    entries.length,
  );
  const kept = older.slice(0, older.length - merged);
  const tail = await Promise.all(older.slice(kept.length).map((stored) => generations.segments.read(stored)));
  const written = [...overlayOf([...tail, entries]).values()];
  const overlay = overlayOf([[...published.overlay.values()], entries]);
  onStep("write segment");
  const generation = (from?.generation ?? 0) + 1;
  const name = generationName(generation, lease.token);
  const segment = await generations.segments.write(name, written);
  const base = from?.name ?? null;
  const { database, databaseCount, index } = published;
  const count = countOver({ count: databaseCount, index }, overlay);
  const manifestBytes = await generations.writeOverlay({
    name,
    base,
    model,
    dimensions,
    count,
    receipts: entries.map(({ receipt }) => receipt),
    database,
    databaseCount,
    segments: [...kept, segment],
  });
  onStep("move head");
  const head = await moveHead({ ...control, shard, lease, from, to: { generation, name, base } });
  return {
    head,
    bytesWritten: segment.size + manifestBytes,
    count,
    segments: kept.length + 1,
    overlayVectors: vectorsIn(overlay),
  };
}
