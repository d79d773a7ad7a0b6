import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../../contract/collections.ts";
import { documentModel } from "../../documents/documents.ts";
import type { Log } from "../../log.ts";
import { type CurrentRun, isExpiring } from "../../runs/current-run.ts";
import type { RunStore } from "../../runs/run-store.ts";
import { type Lease, LeaseLostError } from "../lease/lease.ts";
import type { StartedDocument } from "../messages/document-work.ts";
import type { PublishedDocument, SegmentEntry } from "../segments/entry.ts";
import { NamedDeltas } from "../segments/named-deltas.ts";
import { type Overlay, overlayOf } from "../segments/overlay.ts";
import type { LookedDocument } from "./look-at-documents.ts";

export interface NameDeltasDeps {
  readonly shard: ShardName;
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly runs: Pick<RunStore, "currents">;
  readonly log: Log;
}

/**
 * Records every delta that the next generation names, so that the sweeper keeps it. Resolves to the documents whose
 * delta is safe; the messages of the others are redelivered. The sweeper marks a delta as expiring in CURRENT before it
 * reads these records, so a sweeper that missed a record is noticed here. Throws LeaseLostError.
 */
export async function nameDeltas(
  { control, shard, runs, log }: NameDeltasDeps,
  lease: Lease,
  published: Overlay,
  looked: readonly LookedDocument[],
): Promise<LookedDocument[]> {
  const isNew = ({ entry }: LookedDocument) => isNaming(entry) && !isNamedIn(published, entry);
  const additions = looked.filter(isNew);
  // Without any, the head names them all: they were noted before it moved, and a process that has not seen that may not write.
  if (additions.length === 0) return [...looked];
  const entries = looked.flatMap(({ entry }) => entry ?? []);
  const named = [...overlayOf([[...published.values()], entries]).values()].flatMap((entry) =>
    entry.gone ? [] : entry.deltaKey,
  );
  if (!(await new NamedDeltas(control, shard).add(named, lease.token))) {
    throw new LeaseLostError(shard, lease.token, "a later holder has named its deltas");
  }
  const currentOf = await runs.currents(additions.map(({ one }) => one.document));
  return looked.filter((each) => {
    if (!isNaming(each.entry) || !isNew(each)) return true;
    if (isThere(currentOf(each.one.document), each.one, each.entry)) return true;
    log.warn(
      "A delta may be about to be removed; its messages are redelivered",
      documentModel.toStored(each.one.document),
    );
    return false;
  });
}

function isNaming(entry: SegmentEntry | undefined): entry is PublishedDocument {
  return entry !== undefined && !entry.gone;
}

/**
 * Whether the published generation already names the delta. It was recorded then, and stays so as long as that
 * generation is kept.
 */
function isNamedIn(published: Overlay, { document, deltaKey }: PublishedDocument): boolean {
  const before = published.get(documentModel.keyOf(document));
  return before?.gone === false && before.deltaKey === deltaKey;
}

/** The sweeper never removes the delta of the current run, and removes any other only after a write to CURRENT. */
function isThere(
  current: CurrentRun | undefined,
  { current: before }: StartedDocument,
  { runId }: PublishedDocument,
): boolean {
  if (current === undefined) return true;
  if (current.state === "ACTIVE" && current.runId === runId) return true;
  return current.version === before?.version && !isExpiring(current, runId, Date.now());
}
