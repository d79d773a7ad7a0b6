import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { ShardName } from "../../../contract/collections.ts";
import { unlessConditionFailed } from "../../conditional-write.ts";
import { readItem } from "../../unreadable-item.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import { collectionKey } from "../lease/collection-key.ts";
import type { Lease } from "../lease/lease.ts";

/** What a shard has published last. */
export interface Head {
  /** 1 for the first generation; grows by one a publish. */
  readonly generation: number;
  /** Folder of the generation: `{generation:08d}-{token of the lease that published it}`. */
  readonly name: string;
  /** The generation that it was made from; null for the first. */
  readonly base: string | null;
  /** ISO, by the publisher's wall clock. For people. */
  readonly publishedAt: string;
}

/** Another process has published meanwhile, or holds the lease. */
export class PublishConflictError extends VectorkeepError {
  constructor(shard: ShardName, name: string) {
    super(
      `Generation ${name} of ${shard} was not published: another process holds the lease or has moved the head.`,
      "Its messages are redelivered and applied to the newer generation.",
    );
  }
}

/** Longer than NFS caches a directory, by wall clocks that may be a minute apart. */
const justPublishedMs = 120_000;

/** Whether its folder may not show yet. One that was published earlier and is not there is lost: nobody waits for it. */
export function isJustPublished({ publishedAt }: Head, now = Date.now()): boolean {
  return now - Date.parse(publishedAt) < justPublishedMs;
}

const headItem = z.object({
  head_generation: z.int(),
  head_name: z.string(),
  head_base: z.string().nullable().default(null),
  head_published_at: z.string(),
});

/** Undefined while nothing has been published. */
export async function readHead(
  client: DynamoDBDocumentClient,
  controlTable: string,
  shard: ShardName,
): Promise<Head | undefined> {
  const { Item } = await client.send(
    new GetCommand({ TableName: controlTable, Key: collectionKey(shard), ConsistentRead: true }),
  );
  if (Item?.head_name === undefined) return undefined;
  const item = readItem(headItem, "head of a collection", Item);
  return {
    generation: item.head_generation,
    name: item.head_name,
    base: item.head_base,
    publishedAt: item.head_published_at,
  };
}

export function generationName(generation: number, token: number): string {
  return `${String(generation).padStart(8, "0")}-${token}`;
}

export interface MoveHead {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
  readonly shard: ShardName;
  readonly lease: Lease;
  /** The head that the cycle started from. */
  readonly from: Head | undefined;
  readonly to: Pick<Head, "generation" | "name" | "base">;
}

/** Publishes by one conditional write: the lease is mine and the head is the one I started from. Throws PublishConflictError. */
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
          "SET head_generation = :generation, head_token = :token, head_name = :name, head_base = :base, head_published_at = :now",
        ConditionExpression: `lease_owner = :owner AND lease_token = :token AND ${unmoved}`,
        ExpressionAttributeValues: {
          ":generation": head.generation,
          ":token": lease.token,
          ":name": head.name,
          ":base": head.base,
          ":now": head.publishedAt,
          ":owner": lease.owner,
          ...(from && { ":from": from.name }),
        },
      }),
    ),
  );
  if (moved) return head;
  // A write that was repeated after its answer got lost is refused although it was done: only the item can tell.
  const now = await readHead(client, controlTable, shard);
  if (now?.name === head.name) return now;
  throw new PublishConflictError(shard, head.name);
}
