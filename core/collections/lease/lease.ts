import { randomUUID } from "node:crypto";
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { ShardName } from "../../../contract/collections.ts";
import { unlessConditionFailed } from "../../conditional-write.ts";
import type { Clock } from "../../resilience/clock.ts";
import { readItem } from "../../unreadable-item.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import { collectionKey } from "./collection-key.ts";

/** This process no longer holds the shard's lease, or cannot be sure that it does. */
export class LeaseLostError extends VectorkeepError {
  constructor(shard: ShardName, token: number, why: string) {
    super(
      `The lease of ${shard} with token ${token} is lost: ${why}.`,
      "Nothing more is published under it; its messages are redelivered.",
    );
  }
}

export interface LeaseOptions {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
  readonly shard: ShardName;
  readonly clock: Clock;
  /** A holder that is silent for so long may be taken over. */
  readonly leaseMs: number;
}

const leaseItem = z.object({
  lease_owner: z.string().optional(),
  lease_token: z.int().default(0),
  lease_counter: z.int().default(0),
});
type LeaseItem = z.infer<typeof leaseItem>;

/** How often a contender looks, unless a short lease asks for more. */
const maxPollMs = 500;
const pollsPerLease = 20;

/**
 * Takes the lease when it is free, or when its holder has been silent for a whole lease time of this process's clock.
 * Undefined when it is still held after `waitMs`, or half a lease if that is longer. Yet a holder that has by then been
 * silent for half a lease is watched until it speaks or the lease time is over, at most `maxWaitMs` in all: else
 * contenders that wait for less than a lease would never replace a dead holder.
 */
export async function acquireLease(
  options: LeaseOptions,
  { waitMs, maxWaitMs }: { readonly waitMs: number; readonly maxWaitMs: number },
): Promise<Lease | undefined> {
  const { clock, leaseMs } = options;
  const began = clock.now();
  const pollMs = Math.min(maxPollMs, leaseMs / pollsPerLease);
  // Less would never see that a dead holder is silent.
  const leastWaitMs = Math.max(waitMs, leaseMs / 2 + 2 * pollMs);
  let seen: LeaseItem | undefined;
  let seenAt = began;
  for (;;) {
    const lookedAt = clock.now();
    const item = await readLease(options);
    if (item.lease_owner === undefined) {
      const lease = await take(options, { ConditionExpression: "attribute_not_exists(lease_owner)" });
      if (lease) return lease;
    } else if (seen?.lease_token !== item.lease_token || seen.lease_counter !== item.lease_counter) {
      seen = item;
      seenAt = clock.now();
    } else if (lookedAt - seenAt >= leaseMs) {
      const lease = await take(options, {
        ConditionExpression: "lease_token = :seen_token AND lease_counter = :seen_counter",
        ExpressionAttributeValues: { ":seen_token": item.lease_token, ":seen_counter": item.lease_counter },
      });
      if (lease) return lease;
    }
    const waited = clock.now() - began;
    const silent = seen !== undefined && clock.now() - seenAt >= leaseMs / 2;
    if (waited >= (silent ? maxWaitMs : Math.min(leastWaitMs, maxWaitMs))) return undefined;
    await clock.sleep(pollMs);
  }
}

/** The right to write one shard, held by one process at a time. Its token is higher than any before it. */
export class Lease {
  readonly owner: string;
  readonly token: number;
  readonly #options: LeaseOptions;
  #counter = 0;
  #lastBeat: number;
  #refused = false;

  constructor(options: LeaseOptions, owner: string, token: number, takenAt: number) {
    this.owner = owner;
    this.token = token;
    this.#options = options;
    this.#lastBeat = takenAt;
  }

  /** Shows contenders that the holder lives. Throws LeaseLostError when another one has taken over. */
  async beat(): Promise<void> {
    const sentAt = this.#options.clock.now();
    this.#counter += 1;
    const beaten = await this.#write("SET lease_counter = :counter", { ":counter": this.#counter });
    if (beaten) this.#lastBeat = sentAt;
    else this.#refused = true;
    this.assertHeld();
  }

  /** Throws LeaseLostError when another holder was seen, or when the last heartbeat is a lease time ago. */
  assertHeld(): void {
    const { clock, shard, leaseMs } = this.#options;
    if (this.#refused) throw new LeaseLostError(shard, this.token, "another holder has taken it over");
    if (clock.now() - this.#lastBeat >= leaseMs) {
      throw new LeaseLostError(shard, this.token, `its last heartbeat is over ${leaseMs} ms old`);
    }
  }

  /** No effect if another process has taken over the lease. */
  async release(): Promise<void> {
    await this.#write("REMOVE lease_owner", {});
  }

  #write(update: string, values: Record<string, unknown>): Promise<unknown> {
    const { client, controlTable, shard } = this.#options;
    return unlessConditionFailed(
      client.send(
        new UpdateCommand({
          TableName: controlTable,
          Key: collectionKey(shard),
          UpdateExpression: update,
          ConditionExpression: "lease_owner = :owner AND lease_token = :token",
          ExpressionAttributeValues: { ...values, ":owner": this.owner, ":token": this.token },
        }),
      ),
    );
  }
}

async function take(
  options: LeaseOptions,
  condition: { ConditionExpression: string; ExpressionAttributeValues?: Record<string, unknown> },
): Promise<Lease | undefined> {
  const { client, controlTable, shard, clock } = options;
  const owner = randomUUID();
  const takenAt = clock.now();
  await unlessConditionFailed(
    client.send(
      new UpdateCommand({
        TableName: controlTable,
        Key: collectionKey(shard),
        UpdateExpression:
          "SET lease_owner = :owner, lease_token = if_not_exists(lease_token, :none) + :one, lease_counter = :none, lease_taken_at = :now",
        ...condition,
        ExpressionAttributeValues: {
          ...condition.ExpressionAttributeValues,
          ":owner": owner,
          ":none": 0,
          ":one": 1,
          ":now": new Date().toISOString(),
        },
      }),
    ),
  );
  // A write that was repeated after its answer got lost is refused although it was done: only the item can tell.
  const item = await readLease(options);
  return item.lease_owner === owner ? new Lease(options, owner, item.lease_token, takenAt) : undefined;
}

async function readLease({ client, controlTable, shard }: LeaseOptions): Promise<LeaseItem> {
  const { Item } = await client.send(
    new GetCommand({ TableName: controlTable, Key: collectionKey(shard), ConsistentRead: true }),
  );
  return readItem(leaseItem, "lease of a collection", Item ?? {});
}
