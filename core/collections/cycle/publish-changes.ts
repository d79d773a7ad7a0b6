import type { ShardName } from "../../../contract/collections.ts";
import type { Log, LogFields } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import { receiptKey } from "../../receipts/receipt.ts";
import type { Head } from "../generations/head.ts";
import type { Lease } from "../lease/lease.ts";
import type { QueuedMessage } from "../messages/collection-queue.ts";
import type { FailedMessages } from "../messages/failed-messages.ts";
import type { RunWork, StartedReceipt } from "../messages/receipt-work.ts";
import { type LookedReceipt, lookAtReceipts } from "../publish/look-at-receipts.ts";
import { nameDeltas } from "../publish/name-deltas.ts";
import { publishSegment } from "../publish/publish-segment.ts";
import { openPublished, type PublishedState } from "../publish/published-state.ts";
import { overlayOf, vectorsIn } from "../segments/overlay.ts";
import type { CycleDeps } from "./cycle-deps.ts";

/** Of the base: what has changed since it was written may be as much. */
const partOfBase = 10;
/** Their deltas are listed in one item of the control table. */
const maxOverlayReceipts = 5_000;

/** Receipts named in the log of a publish: the rest is in the manifest. */
export const receiptsLogged = 20;

/** What is done once the head is moved. */
export interface Done {
  /** Vectors of each run's delta. */
  readonly runs: ReadonlyMap<RunWork, number>;
  readonly changeMessages: readonly QueuedMessage[];
}

export interface PublishedChanges extends Done {
  readonly head: Head | undefined;
  readonly bytesWritten: number;
}

export interface PublishDeps extends CycleDeps {
  readonly failed: FailedMessages;
}

/**
 * Publishes what the receipts are now as a segment above the base, and nothing where all of it shows already. Undefined
 * where the base has to take the changes: then nothing is published and no failure is counted.
 */
export async function publishChanges(
  deps: PublishDeps,
  lease: Lease,
  head: Head | undefined,
  receipts: readonly StartedReceipt[],
  until: number,
): Promise<PublishedChanges | undefined> {
  const { config, failed, log } = deps;
  const published = await openPublished(deps, head);
  if (published === undefined) return undefined;
  const maxVectors = Math.max(config.foldVectors, published.databaseCount / partOfBase);
  if (estimated(published, receipts) > maxVectors) return undefined;
  const looked = await lookAtReceipts(deps, published, receipts, { maxVectors, until });
  if (looked === undefined) return undefined;
  const overlay = overlayOf([[...published.overlay.values()], entriesOf(looked.receipts)]);
  if (vectorsIn(overlay) > maxVectors || overlay.size > maxOverlayReceipts) return undefined;
  for (const [work, reason] of looked.mismatched) await failed.ofRun(work, reason);
  const named = await nameDeltas(deps, lease, published.overlay, looked.receipts);
  const done = doneOf(named);
  const entries = entriesOf(named);
  const { runs, changeMessages } = done;
  log.info("Changes merged", {
    shard: deps.shard,
    deltas: runs.size,
    changes: changeMessages.length,
    ...countVectors(deps, named),
  });
  if (entries.length === 0) return { ...done, head, bytesWritten: 0 };
  const made = await publishSegment(deps, lease, head, published, entries);
  const { count, segments, overlayVectors, bytesWritten } = made;
  reportPublished(deps, made.head, {
    vectors: count,
    receipts: entries.slice(0, receiptsLogged).map(({ receipt }) => receiptKey(receipt)),
    segments,
    overlay_vectors: overlayVectors,
  });
  return { ...done, head: made.head, bytesWritten };
}

/** Vectors of new deltas, none of which has been read, by what the receipts of the base have: 0 where it has none. */
function estimated({ databaseCount, index }: PublishedState, receipts: readonly StartedReceipt[]): number {
  return receipts.filter(({ run }) => run !== undefined).length * (databaseCount / (index.size || 1));
}

interface ShardTelemetry {
  readonly shard: ShardName;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function reportPublished(
  { shard, log, metrics }: ShardTelemetry,
  { generation, name }: Head,
  fields: Pick<LogFields, "vectors" | "receipts" | "segments" | "overlay_vectors">,
): void {
  log.info("Generation published", { shard, generation, generation_name: name, ...fields });
  metrics.count("GenerationsPublished", 1);
}

/** Vectors of new deltas, those of receipts of which something else is known, and those that were removed. */
function countVectors({ metrics }: ShardTelemetry, named: readonly LookedReceipt[]) {
  const [written = 0, updated = 0] = [true, false].map((isNew) =>
    named
      .filter(({ deltaVectors }) => (deltaVectors !== undefined) === isNew)
      .reduce((sum, { entry }) => sum + (entry === undefined || entry.gone ? 0 : entry.vectorCount), 0),
  );
  const removed = named.reduce((sum, { removedVectors }) => sum + removedVectors, 0);
  metrics.count("VectorsWritten", written);
  metrics.count("VectorsUpdated", updated);
  metrics.count("VectorsRemoved", removed);
  return { written, updated, removed };
}

function entriesOf(looked: readonly LookedReceipt[]) {
  return looked.flatMap(({ entry }) => entry ?? []);
}

function doneOf(named: readonly LookedReceipt[]): Done {
  const runs = named.flatMap(({ one: { run }, deltaVectors }) =>
    run && deltaVectors !== undefined ? [[run, deltaVectors] as const] : [],
  );
  return { runs: new Map(runs), changeMessages: named.flatMap(({ one }) => one.changeMessages) };
}
