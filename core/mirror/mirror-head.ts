import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { ShardName } from "../../contract/collections.ts";
import type { Head } from "../collections/generations/head.ts";
import { mirrorKey } from "../collections/lease/collection-key.ts";
import type { Lease } from "../collections/lease/lease.ts";
import { unlessConditionFailed } from "../conditional-write.ts";
import { readItem } from "../unreadable-item.ts";
import { MirrorConflictError } from "./mirror-errors.ts";

export interface ControlTable {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
}

/** The generation that the mirror of a shard contains. */
export interface MirrorHead {
  readonly generation: number;
  readonly name: string;
  /** The index that contains it. */
  readonly index: string;
}

export interface MirrorState {
  /** Undefined until the first comparison has ended. */
  readonly head: MirrorHead | undefined;
  /** Token of a writer that may have written after it had lost its lease; undefined if there is none. */
  readonly suspect: number | undefined;
  /** Epoch milliseconds at which the mirror was known to contain what was published. */
  readonly currentAt: number | undefined;
}

const mirrorItem = z.object({
  mirror_generation: z.int().optional(),
  mirror_name: z.string().optional(),
  mirror_index: z.string().optional(),
  mirror_suspect: z.int().optional(),
  mirror_current_at: z.number().optional(),
});

export async function readMirror(
  { client, controlTable }: ControlTable,
  shard: ShardName,
): Promise<MirrorState> {
  const { Item = {} } = await client.send(
    new GetCommand({ TableName: controlTable, Key: mirrorKey(shard), ConsistentRead: true }),
  );
  const item = readItem(mirrorItem, "mirror of a collection", Item);
  const { mirror_generation: generation, mirror_name: name, mirror_index: index } = item;
  const isWritten = generation !== undefined && name !== undefined && index !== undefined;
  return {
    head: isWritten ? { generation, name, index } : undefined,
    suspect: item.mirror_suspect,
    currentAt: item.mirror_current_at,
  };
}

export interface MoveMirror {
  readonly control: ControlTable;
  readonly shard: ShardName;
  readonly lease: Lease;
  readonly from: MirrorState;
  readonly to: Pick<Head, "generation" | "name">;
  readonly index: string;
  /** Whether the whole mirror was compared, so that earlier suspicions are answered. */
  readonly isCompared: boolean;
}

/**
 * Records the generation that the mirror contains, by one conditional write: the lease is held and the head is unmoved.
 * A suspicion that arose meanwhile stays. Throws MirrorConflictError.
 */
export async function moveMirror(move: MoveMirror): Promise<void> {
  const { control, shard, lease, from, to, index, isCompared } = move;
  const { head, suspect } = from;
  const answered = isCompared && suspect !== undefined;
  const moved = await unlessConditionFailed(
    control.client.send(
      new UpdateCommand({
        TableName: control.controlTable,
        Key: mirrorKey(shard),
        UpdateExpression: `SET mirror_generation = :generation, mirror_name = :name, mirror_index = :index${answered ? " REMOVE mirror_suspect" : ""}`,
        ConditionExpression: [
          lease.condition.expression,
          head ? "mirror_name = :from" : "attribute_not_exists(mirror_name)",
          ...(answered ? ["mirror_suspect = :suspect"] : []),
        ].join(" AND "),
        ExpressionAttributeValues: {
          ...lease.condition.values,
          ":generation": to.generation,
          ":name": to.name,
          ":index": index,
          ...(head && { ":from": head.name }),
          ...(answered && { ":suspect": suspect }),
        },
      }),
    ),
  );
  if (moved) return;
  // If the SDK retried a write whose response was lost, the condition fails although the write succeeded.
  const now = await readMirror(control, shard);
  if (now.head?.name !== to.name || now.head.index !== index) throw new MirrorConflictError(shard, to.name);
}

/**
 * Makes the next run compare the whole mirror. Needs no lease: it is for a writer that has lost its own. `token` is that
 * of its lease.
 */
export async function suspectMirror(
  { client, controlTable }: ControlTable,
  shard: ShardName,
  token: number,
): Promise<void> {
  await client.send(
    new UpdateCommand({
      TableName: controlTable,
      Key: mirrorKey(shard),
      UpdateExpression: "SET mirror_suspect = :token",
      ExpressionAttributeValues: { ":token": token },
    }),
  );
}

/** Records that the mirror contains what is published, for the measurement of its lag. */
export async function noteCurrent(
  { client, controlTable }: ControlTable,
  shard: ShardName,
  now: number,
): Promise<void> {
  await client.send(
    new UpdateCommand({
      TableName: controlTable,
      Key: mirrorKey(shard),
      UpdateExpression: "SET mirror_current_at = :now",
      ExpressionAttributeValues: { ":now": now },
    }),
  );
}
