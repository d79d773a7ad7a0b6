import { randomUUID } from "node:crypto";
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { ShardName } from "../../../contract/collections.ts";

export interface RecordTable {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
}

const record = z.object({
  rebuild_id: z.string(),
  state: z.enum(["RUNNING", "PUBLISHED"]),
  /** Number of documents in the rebuilt collection, and of all known documents. */
  receipts_done: z.int(),
  receipts_known: z.int(),
  /** Number of documents whose deltas cannot be read. */
  receipts_left_out: z.int().default(0),
  started_at: z.string(),
  updated_at: z.string(),
  /** Name of the generation that the rebuild published. */
  generation: z.string().optional(),
});

/**
 * The newest rebuild of a shard, in the control table: for operators who wait for it, and for the process that
 * continues it.
 */
export type RebuildRecord = z.infer<typeof record>;

export interface Progress {
  /** Numbers of documents: in the rebuilt collection, in all, and without a readable delta. */
  readonly done: number;
  readonly known: number;
  readonly leftOut: number;
}

/** The fields of a record with the progress of its rebuild. */
export function progress({ done, known, leftOut }: Progress) {
  return { receipts_done: done, receipts_known: known, receipts_left_out: leftOut };
}

export function progressOf(record: RebuildRecord): Progress {
  return { done: record.receipts_done, known: record.receipts_known, leftOut: record.receipts_left_out };
}

function recordKey(shard: ShardName) {
  return { PK: `COLLECTION#${shard}`, SK: "REBUILD" };
}

/** Undefined if the shard was never rebuilt. */
export async function readRebuild(
  { client, controlTable }: RecordTable,
  shard: ShardName,
): Promise<RebuildRecord | undefined> {
  const { Item } = await client.send(
    new GetCommand({ TableName: controlTable, Key: recordKey(shard), ConsistentRead: true }),
  );
  return Item && record.parse(Item);
}

/** The rebuild in progress, or a new one. Call it under the lease. */
export async function beginRebuild(table: RecordTable, shard: ShardName): Promise<RebuildRecord> {
  const known = await readRebuild(table, shard);
  if (known?.state === "RUNNING") return known;
  const now = new Date().toISOString();
  const begun: RebuildRecord = {
    rebuild_id: randomUUID(),
    state: "RUNNING",
    ...progress({ done: 0, known: 0, leftOut: 0 }),
    started_at: now,
    updated_at: now,
  };
  await writeRebuild(table, shard, begun);
  return begun;
}

export async function writeRebuild(
  { client, controlTable }: RecordTable,
  shard: ShardName,
  changed: RebuildRecord,
): Promise<void> {
  const Item = { ...recordKey(shard), ...changed, updated_at: new Date().toISOString() };
  await client.send(new PutCommand({ TableName: controlTable, Item }));
}
