import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { ShardName } from "../../../contract/collections.ts";
import { unlessConditionFailed } from "../../conditional-write.ts";
import { readItem } from "../../unreadable-item.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import { collectionKey } from "../lease/collection-key.ts";
import type { Lease } from "../lease/lease.ts";

/** The generation that a shard published last. */
export interface Head {
  /** 1 for the first generation; each publish adds one. */
  readonly generation: number;
  /** Folder of the generation: `{generation:08d}-{token of the lease that published it}`. */
  readonly name: string;
  /** The generation that it was built from; null for the first. */
  readonly base: string | null;
  /** ISO time by the publisher's wall clock. For people. */
  readonly publishedAt: string;
  /** For processes without access to the files. Undefined if the publisher did not record it. */
  readonly overlay?: HeadOverlay | undefined;
}

/** The size of the overlay of a generation; it determines when a fold is due. */
export interface HeadOverlay {
  /** The generation whose folder contains the database; null for an empty one. */
  readonly database: string | null;
  /** Vectors of the database. */
  readonly databaseCount: number;
  /** Vectors of the deltas that readers hold in memory in addition to the database. */
  readonly vectors: number;
  /** Bytes of the segments. */
  readonly bytes: number;
  /** ISO time since when there has been an overlay above this base; null if there is none. */
  readonly since: string | null;
}

/** The head, and the lease holders that may be writing its successor. */
export interface ShardHead {
  readonly head: Head | undefined;
  /** Tokens of the held leases. */
  readonly holders: readonly number[];
}

/** Another process moved the head in the meantime, or holds the lease. */
export class PublishConflictError extends VectorkeepError {
  constructor(shard: ShardName, name: string) {
    super(
      `Generation ${name} of ${shard} was not published: another process holds the lease or has moved the head.`,
      "Its messages are redelivered and applied to the newer generation.",
    );
  }
}

/** Longer than NFS caches a directory, plus a minute of clock skew. */
const justPublishedMs = 120_000;

/**
 * Whether the folder may not be visible yet. If a generation published earlier has no folder, it is lost and waiting
 * does not help.
 */
export function isJustPublished({ publishedAt }: Pick<Head, "publishedAt">, now = Date.now()): boolean {
  return now - Date.parse(publishedAt) < justPublishedMs;
}

const headItem = z.object({
  head_generation: z.int(),
  head_name: z.string(),
  head_base: z.string().nullable().default(null),
  head_published_at: z.string(),
  head_overlay: z
    .object({
      database: z.string().nullable(),
      database_count: z.int(),
      vectors: z.int(),
      bytes: z.int(),
      since: z.string().nullable(),
    })
    .nullish(),
});

const holders = z.object({
  lease_owner: z.string().optional(),
  lease_token: z.int().default(0),
  fold_owner: z.string().optional(),
  fold_token: z.int().default(0),
});

/** Undefined until the first publish. */
export async function readHead(
  client: DynamoDBDocumentClient,
  controlTable: string,
  shard: ShardName,
): Promise<Head | undefined> {
  return (await readShardHead(client, controlTable, shard)).head;
}

/**
 * Reads the head and the holders at once: a holder that is missing from the result moved the head before this read, or
 * will get a higher token than these.
 */
export async function readShardHead(
  client: DynamoDBDocumentClient,
  controlTable: string,
  shard: ShardName,
): Promise<ShardHead> {
  const { Item = {} } = await client.send(
    new GetCommand({ TableName: controlTable, Key: collectionKey(shard), ConsistentRead: true }),
  );
  const { lease_owner, lease_token, fold_owner, fold_token } = readItem(
    holders,
    "lease of a collection",
    Item,
  );
  const held = [lease_owner && lease_token, fold_owner && fold_token];
  return { head: headOf(Item), holders: held.filter((token) => typeof token === "number") };
}

function headOf(Item: Record<string, unknown>): Head | undefined {
  if (Item.head_name === undefined) return undefined;
  const item = readItem(headItem, "head of a collection", Item);
  const overlay = item.head_overlay;
  return {
    generation: item.head_generation,
    name: item.head_name,
    base: item.head_base,
    publishedAt: item.head_published_at,
    ...(overlay && {
      overlay: {
        database: overlay.database,
        databaseCount: overlay.database_count,
        vectors: overlay.vectors,
        bytes: overlay.bytes,
        since: overlay.since,
      },
    }),
  };
}

export interface MoveHead {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
  readonly shard: ShardName;
  readonly lease: Lease;
  /** The head that the cycle started from. */
  readonly from: Head | undefined;
  readonly to: Pick<Head, "generation" | "name" | "base" | "overlay">;
}

/** Publishes by one conditional write: the lease is held and the head is unchanged. Throws PublishConflictError. */
export async function moveHead(move: MoveHead): Promise<Head> {
  const { client, controlTable, shard, lease, from, to } = move;
  const head: Head = { ...to, publishedAt: new Date().toISOString() };
  const unmoved = from ? "head_name = :from" : "attribute_not_exists(head_name)";
  const moved = await unlessConditionFailed(
    client.send(
      new UpdateCommand({
        TableName: controlTable,
        Key: collectionKey(shard),
        UpdateExpression:
          "SET head_generation = :generation, head_token = :token, head_name = :name, head_base = :base, head_published_at = :now, head_overlay = :overlay",
        ConditionExpression: `${lease.condition.expression} AND ${unmoved}`,
        ExpressionAttributeValues: {
          ...lease.condition.values,
          ":generation": head.generation,
          ":name": head.name,
          ":base": head.base,
          ":now": head.publishedAt,
          ":overlay": storedOverlay(head.overlay),
          ...(from && { ":from": from.name }),
        },
      }),
    ),
  );
  if (moved) return head;
  // If the SDK retried a write whose response was lost, the condition fails although the write succeeded. Only the item
  // shows which.
  const now = await readHead(client, controlTable, shard);
  if (now?.name === head.name) return now;
  throw new PublishConflictError(shard, head.name);
}

function storedOverlay(overlay: HeadOverlay | undefined): Record<string, unknown> | null {
  if (overlay === undefined) return null;
  const { databaseCount, ...same } = overlay;
  return { ...same, database_count: databaseCount };
}
