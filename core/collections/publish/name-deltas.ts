import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../../contract/collections.ts";
import { documentModel } from "../../documents/documents.ts";
import type { Log } from "../../log.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import { isExpiring } from "../../runs/current-run.ts";
import type { RunStore } from "../../runs/run-store.ts";
import { type Lease, LeaseLostError } from "../lease/lease.ts";
import type { StartedDocument } from "../messages/document-work.ts";
import type { PublishedDocument, SegmentEntry } from "../segments/entry.ts";
import { NamedDeltas } from "../segments/named-deltas.ts";
import { type Overlay, overlayOf } from "../segments/overlay.ts";
import type { LookedDocument } from "./look-at-documents.ts";

const readsAtOnce = 16;

export interface NameDeltasDeps {
  readonly shard: ShardName;
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly runs: Pick<RunStore, "current">;
  readonly log: Log;
}

/**
 * Notes every delta that the next generation names, so that the sweeper leaves it alone, and resolves to the documents whose
 * delta is there: the messages of the others are redelivered. The sweeper writes into CURRENT what it is about to remove
 * before it looks at these notes, so one that did not see them is seen here.
 * Throws LeaseLostError.
 */
export async function nameDeltas(
  { control, shard, runs, log }: NameDeltasDeps,
  lease: Lease,
  published: Overlay,
  looked: readonly LookedDocument[],
): Promise<LookedDocument[]> {
  const entries = looked.flatMap(({ entry }) => entry ?? []);
  const named = [...overlayOf([[...published.values()], entries]).values()].flatMap((entry) =>
    entry.gone ? [] : entry.deltaKey,
  );
  if (!(await new NamedDeltas(control, shard).add(named, lease.token))) {
    throw new LeaseLostError(shard, lease.token, "a later holder has named its deltas");
  }
  const kept: LookedDocument[] = [];
  await inParallel(looked, readsAtOnce, async (each) => {
    const { one, entry } = each;
    if (!isNaming(entry) || isNamedIn(published, entry) || (await isThere(runs, one, entry))) {
      kept.push(each);
      return;
    }
    log.warn(
      "A delta may be about to be removed; its messages are redelivered",
      documentModel.toStored(each.one.document),
    );
  });
  return kept;
}

function isNaming(entry: SegmentEntry | undefined): entry is PublishedDocument {
  return entry !== undefined && !entry.gone;
}

/** It was noted when what is published was, and stays so for as long as that is kept. */
function isNamedIn(published: Overlay, { document, deltaKey }: PublishedDocument): boolean {
  const before = published.get(documentModel.keyOf(document));
  return before?.gone === false && before.deltaKey === deltaKey;
}

/** The delta of the run that counts is never removed; that of another only after a write of CURRENT. */
async function isThere(
  runs: Pick<RunStore, "current">,
  { document, current: before }: StartedDocument,
  { runId }: PublishedDocument,
): Promise<boolean> {
  const current = await runs.current(document);
  if (current === undefined) return true;
  if (current.state === "ACTIVE" && current.runId === runId) return true;
  return current.version === before?.version && !isExpiring(current, runId, Date.now());
}
