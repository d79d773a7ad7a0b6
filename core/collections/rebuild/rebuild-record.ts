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
  /** Receipts whose vectors are in the rebuilt collection, and those that are known. */
  receipts_done: z.int(),
  receipts_known: z.int(),
  /** Those that could not be read from their deltas. */
  receipts_left_out: z.int().default(0),
  started_at: z.string(),
  updated_at: z.string(),
  /** Name of the generation that it became. */
  generation: z.string().optional(),
});

/** The newest rebuild of a shard, in the control table: for people who wait for it, and for the process that goes on with it. */
export type RebuildRecord = z.infer<typeof record>;

function recordKey(shard: ShardName) {
  return { PK: `COLLECTION#${shard}`, SK: "REBUILD" };
}

/** Undefined where the shard was never rebuilt. */
export async function readRebuild(
  { client, controlTable }: RecordTable,
  shard: ShardName,
): Promise<RebuildRecord | undefined> {
  const { Item } = await client.send(
    new GetCommand({ TableName: controlTable, Key: recordKey(shard), ConsistentRead: true }),
  );
  return Item && record.parse(Item);
}

/** The rebuild that is under way, or a new one. Call it under the lease. */
export async function beginRebuild(table: RecordTable, shard: ShardName): Promise<RebuildRecord> {
  const known = await readRebuild(table, shard);
  if (known?.state === "RUNNING") return known;
  const now = new Date().toISOString();
  const begun: RebuildRecord = {
    rebuild_id: randomUUID(),
    state: "RUNNING",
    receipts_done: 0,
    receipts_known: 0,
    receipts_left_out: 0,
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
