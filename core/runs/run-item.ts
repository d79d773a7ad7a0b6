import { hash } from "node:crypto";
import * as z from "zod";
import { type Collection, collections } from "../../contract/collections.ts";
import { type DocumentPart, type DocumentRef, documentModel } from "../documents/documents.ts";
import { optionalTraceparent } from "../tracing/traceparent.ts";
import { ItemUnreadableError, readItem } from "../unreadable-item.ts";
import type { CompactionRun, RunHalf } from "./compaction-run.ts";
import type { CurrentRun, NextCurrent } from "./current-run.ts";
import type { RunRef } from "./run-store.ts";

export interface ItemKey {
  readonly PK: string;
  readonly SK: string;
}

/** Partitions of the list of open runs: `OPEN#0` to `OPEN#7`. */
export const openShards = 8;

/** Key of a run in the source table. */
export function runKey(run: RunRef): ItemKey {
  const { PK, SK } = documentModel.itemKeyOf(run);
  return { PK, SK: `${SK}#COMPACTION_RUN#${run.runId}` };
}

/** Key of a document's CURRENT item in the control table. */
export function currentKey(document: DocumentRef): ItemKey {
  return { PK: documentModel.controlKeyOf(document), SK: "CURRENT" };
}

/** Key of a run's entry in the list of open runs; partitioned by run id. */
export function openKey(runId: string, createdAt: string): ItemKey {
  const shard = (hash("sha256", runId, "buffer")[0] ?? 0) % openShards;
  return { PK: openPartition(shard), SK: `${createdAt}#${runId}` };
}

export function openPartition(shard: number): string {
  return `OPEN#${shard}`;
}

const state = z.enum(["PENDING", "PROCESSING", "COMPLETED", "FAILED"]);
const count = z.int().min(0);
const collection = z.enum(collections);
const shardName = z.union([collection, z.templateLiteral([collection, "-", z.int(), "of", z.int()])]);

/** The schema of a CompactionRun item, including those that other programs write. */
export const runItem = z.object({
  ...documentModel.storedShape,
  run_id: z.string(),
  attempts: z.int().min(1),
  rejected_rows: count,
  created_at: z.string(),
  updated_at: z.string(),
  lines_delta_prefix: z.string().min(1),
  words_delta_prefix: z.string().min(1),
  lines_state: state,
  words_state: state,
  lines_token: count,
  words_token: count,
  lines_shard: shardName.optional(),
  words_shard: shardName.optional(),
  lines_failures: count,
  words_failures: count,
  lines_error: z.string().optional(),
  words_error: z.string().optional(),
  lines_merged_vectors: count.optional(),
  words_merged_vectors: count.optional(),
  traceparent: optionalTraceparent,
});

/** Parses a run. Throws ItemUnreadableError, also if the item does not match its key. */
export function readRun(item: Readonly<Record<string, unknown>>): CompactionRun {
  const run = readItem(runItem, "CompactionRun", item);
  const { PK, SK } = runKey({ ...documentModel.ofStored(run), runId: run.run_id });
  if (item.PK !== PK || item.SK !== SK) {
    throw new ItemUnreadableError("CompactionRun", item, [`its ids give the key ${PK} / ${SK}`]);
  }
  return {
    ...documentModel.ofStored(run),
    runId: run.run_id,
    attempts: run.attempts,
    rejectedRows: run.rejected_rows,
    createdAt: run.created_at,
    updatedAt: run.updated_at,
    ...(run.traceparent !== undefined && { traceparent: run.traceparent }),
    halves: { lines: readHalf(run, "lines"), words: readHalf(run, "words") },
  };
}

/** The attributes of a half that has not started. */
export function freshHalf(collection: Collection, deltaPrefix: string): Record<string, unknown> {
  return {
    [`${collection}_state`]: "PENDING",
    [`${collection}_token`]: 0,
    [`${collection}_failures`]: 0,
    [`${collection}_delta_prefix`]: deltaPrefix,
  };
}

function readHalf(run: z.infer<typeof runItem>, collection: Collection): RunHalf {
  const shard = run[`${collection}_shard`];
  const error = run[`${collection}_error`];
  const mergedVectors = run[`${collection}_merged_vectors`];
  return {
    state: run[`${collection}_state`],
    deltaPrefix: run[`${collection}_delta_prefix`],
    token: run[`${collection}_token`],
    failures: run[`${collection}_failures`],
    ...(shard !== undefined && { shard }),
    ...(error !== undefined && { error }),
    ...(mergedVectors !== undefined && { mergedVectors }),
  };
}

const formerRun = z.object({ stopped_at: count, attempt: count });

const currentItem = z.object({
  run_id: z.string().optional(),
  revision: count,
  state: z.enum(["ACTIVE", "DELETED"]),
  attempt: count,
  removed: z.record(documentModel.part, count),
  former: z.record(z.string(), formerRun).default({}),
  forgotten: count.default(0),
  expiring: z.record(z.string(), count).default({}),
  version: count,
});

/** Throws ItemUnreadableError. */
export function readCurrent(item: unknown): CurrentRun {
  const { run_id, removed, former, expiring, ...current } = readItem(currentItem, "CURRENT", item);
  return {
    ...current,
    runId: run_id,
    removed: new Map(Object.entries(removed) as [DocumentPart, number][]),
    former: new Map(
      Object.entries(former).map(([id, { stopped_at, attempt }]) => [id, { stoppedAt: stopped_at, attempt }]),
    ),
    expiring: new Map(Object.entries(expiring)),
  };
}

/** The attributes of a CURRENT item, without its key. */
export function currentAttributes(next: NextCurrent, version: number): z.infer<typeof currentItem> {
  const { runId, revision, state, attempt, removed, former, forgotten, expiring } = next;
  return {
    ...(runId !== undefined && { run_id: runId }),
    revision,
    state,
    attempt,
    removed: Object.fromEntries(removed),
    former: Object.fromEntries(
      [...former].map(([id, { stoppedAt, attempt: asked }]) => [
        id,
        { stopped_at: stoppedAt, attempt: asked },
      ]),
    ),
    forgotten,
    expiring: Object.fromEntries(expiring),
    version,
  };
}
