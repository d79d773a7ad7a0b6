import { type ReceiptRef, receiptKey } from "../../receipts/receipt.ts";
import type { Head } from "../generations/head.ts";
import type { Lease } from "../lease/lease.ts";
import type { QueuedMessage } from "../messages/collection-queue.ts";
import type { FailedMessages } from "../messages/failed-messages.ts";
import type { StartedReceipt } from "../messages/receipt-work.ts";
import { type LookedReceipt, lookAtReceipts } from "../publish/look-at-receipts.ts";
import { nameDeltas } from "../publish/name-deltas.ts";
import { publishSegment } from "../publish/publish-segment.ts";
import { openPublished, type PublishedState } from "../publish/published-state.ts";
import type { CycleDeps, Done } from "./cycle-deps.ts";
import { receiptsLogged, reportPublished, type ShardTelemetry } from "./report-published.ts";

export interface PublishedChanges extends Done {
  readonly head: Head | undefined;
  readonly bytesWritten: number;
  /** Messages of receipts for which there is no room above the base. */
  readonly heldBack: readonly QueuedMessage[];
  /** Receipts whose vectors are in the base alone. */
  readonly inBaseAlone: readonly ReceiptRef[];
}

export interface PublishDeps extends CycleDeps {
  readonly failed: FailedMessages;
}

/** Publishes what the receipts are now as a segment above the base, and nothing where all of it shows already. */
export async function publishChanges(
  deps: PublishDeps,
  lease: Lease,
  head: Head | undefined,
  published: PublishedState,
  receipts: readonly StartedReceipt[],
  until: number,
): Promise<PublishedChanges> {
  const { config, failed, log } = deps;
  const looked = await lookAtReceipts(deps, published, receipts, {
    maxVectors: config.fold.maxOverlayVectors,
    until,
  });
  for (const [work, reason] of looked.mismatched) await failed.ofRun(work, reason);
  for (const [{ changeMessages }, reason] of looked.unshowable) {
    await failed.ofMessages(changeMessages, reason);
  }
  const named = await nameDeltas(deps, lease, published.overlay, looked.receipts);
  const entries = named.flatMap(({ entry }) => entry ?? []);
  const done = {
    ...doneOf(named),
    heldBack: looked.heldBack.flatMap(({ run, changeMessages }) => [
      ...(run?.messages ?? []),
      ...changeMessages,
    ]),
    inBaseAlone: looked.inBaseAlone,
  };
  const { runs, changeMessages } = done;
  log.info("Changes merged", {
    shard: deps.shard,
    deltas: runs.size,
    changes: changeMessages.length,
    ...countVectors(deps, named),
  });
  if (entries.length === 0) return { ...done, head, bytesWritten: 0 };
  const made = await publishSegment(
    { ...deps, openPublished: (moved) => openPublished(deps, moved) },
    lease,
    head,
    published,
    entries,
  );
  const { count, segments, overlay, bytesWritten } = made;
  reportPublished(deps, made.head, {
    vectors: count,
    receipts: entries.slice(0, receiptsLogged).map(({ receipt }) => receiptKey(receipt)),
    segments,
    overlay_vectors: overlay.vectors,
  });
  return { ...done, head: made.head, bytesWritten };
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

function doneOf(named: readonly LookedReceipt[]): Done {
  const runs = named.flatMap(({ one: { run }, deltaVectors }) =>
    run && deltaVectors !== undefined ? [[run, deltaVectors] as const] : [],
  );
  return { runs: new Map(runs), changeMessages: named.flatMap(({ one }) => one.changeMessages) };
}
