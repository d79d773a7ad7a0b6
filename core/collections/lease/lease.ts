import { randomUUID } from "node:crypto";
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { ShardName } from "../../../contract/collections.ts";
import { unlessConditionFailed } from "../../conditional-write.ts";
import type { Clock } from "../../resilience/clock.ts";
import { readItem } from "../../unreadable-item.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import { type ControlKey, collectionKey } from "./collection-key.ts";

/**
 * A shard has two writers, each under its own lease: the cycles that publish changes, and the fold that writes the next
 * base. Both leases are in the shard's item and take their tokens from one sequence, so that a token identifies one
 * holder.
 */
export const leaseKinds = ["publish", "fold"] as const;
export type LeaseKind = (typeof leaseKinds)[number];

/** Prefix of the lease's attributes in the item. */
const prefixOf: Readonly<Record<LeaseKind, string>> = { publish: "lease", fold: "fold" };

/** This process no longer holds the lease of the shard, or cannot be sure that it does. */
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
  /** The lease may be taken over if its holder has not renewed it for this time. */
  readonly leaseMs: number;
  /** @default publish */
  readonly kind?: LeaseKind;
  /** The item of the lease in the control table. @default the shard's, which has its head too */
  readonly key?: ControlKey;
}

const leaseItem = z.object({
  lease_owner: z.string().optional(),
  lease_token: z.int().default(0),
  lease_counter: z.int().default(0),
  lease_waiting: z.string().optional(),
  fold_owner: z.string().optional(),
  fold_token: z.int().default(0),
  fold_counter: z.int().default(0),
  fold_waiting: z.string().optional(),
});
type LeaseItem = z.infer<typeof leaseItem>;

interface SeenLease {
  readonly owner: string | undefined;
  readonly token: number;
  readonly counter: number;
  /** The contender that may take the lease next, as long as it is alive. */
  readonly waiting: string | undefined;
}

/**
 * A contender polls at this interval, or more often if the lease is short: nothing is published between two holders.
 */
const maxPollMs = 100;
const pollsPerLease = 20;
/**
 * The number of polls for which a free lease is left to the waiting contender. After that, the contender has either
 * taken it or is dead.
 */
const looksLeft = 3;

/**
 * Takes the lease if it is free, or if its holder has been silent for a whole lease time by this process's clock.
 * Resolves to undefined if the lease is still held after `waitMs`, or after half a lease if that is longer. If the
 * holder has been silent for half a lease by then, the wait continues until the holder beats or the lease time is over,
 * at most `maxWaitMs` in all: otherwise contenders that wait for less than a lease would never replace a dead holder.
 * One contender is recorded as next, and a released lease is left to it for a moment. Rejects with the reason of the
 * signal.
 */
export async function acquireLease(
  options: LeaseOptions,
  wait: { readonly waitMs: number; readonly maxWaitMs: number; readonly signal?: AbortSignal },
): Promise<Lease | undefined> {
  const { waitMs, maxWaitMs, signal } = wait;
  const { clock, leaseMs } = options;
  const began = clock.now();
  const pollMs = Math.min(maxPollMs, leaseMs / pollsPerLease);
  // A shorter wait would never notice that a dead holder is silent.
  const leastWaitMs = Math.max(waitMs, leaseMs / 2 + 2 * pollMs);
  const owner = randomUUID();
  let seen: SeenLease | undefined;
  let seenAt = began;
  let left = 0;
  for (;;) {
    const lookedAt = clock.now();
    const item = await readItemOf(options);
    const now = leaseOf(item, options);
    const isNext = now.waiting === undefined || now.waiting === owner;
    if (now.owner !== undefined && now.waiting === undefined) await waitAsNext(options, owner);
    if (now.owner === undefined && (isNext || left === looksLeft)) {
      const lease = await take(options, item, owner);
      if (lease) return lease;
    } else if (now.owner === undefined) {
      left += 1;
    } else if (seen?.token !== now.token || seen.counter !== now.counter) {
      seen = now;
      seenAt = clock.now();
    } else if (lookedAt - seenAt >= leaseMs) {
      const lease = await take(options, item, owner);
      if (lease) return lease;
    }
    const waited = clock.now() - began;
    const silent = seen !== undefined && clock.now() - seenAt >= leaseMs / 2;
    if (waited >= (silent ? maxWaitMs : Math.min(leastWaitMs, maxWaitMs))) return undefined;
    await clock.sleep(pollMs, signal).catch((error) => {
      throw signal?.aborted ? signal.reason : error;
    });
  }
}

/** The exclusive right to publish or to fold one shard. Its token is higher than that of any earlier holder. */
export class Lease {
  readonly kind: LeaseKind;
  readonly owner: string;
  readonly token: number;
  readonly #options: LeaseOptions;
  #counter = 0;
  #lastBeat: number;
  #refused = false;

  constructor(options: LeaseOptions, owner: string, token: number, takenAt: number) {
    this.kind = options.kind ?? "publish";
    this.owner = owner;
    this.token = token;
    this.#options = options;
    this.#lastBeat = takenAt;
  }

  /** Renews the lease. Throws LeaseLostError if another process has taken it over. */
  async beat(): Promise<void> {
    const sentAt = this.#options.clock.now();
    this.#counter += 1;
    const beaten = await this.#write(`SET ${this.#prefix}_counter = :counter`, { ":counter": this.#counter });
    if (beaten) this.#lastBeat = sentAt;
    else this.#refused = true;
    this.assertHeld();
  }

  /** Throws LeaseLostError if another holder was seen, or if the last heartbeat was a whole lease time ago. */
  assertHeld(): void {
    const { clock, shard, leaseMs } = this.#options;
    if (this.#refused) throw new LeaseLostError(shard, this.token, "another holder has taken it over");
    if (clock.now() - this.#lastBeat >= leaseMs) {
      throw new LeaseLostError(shard, this.token, `its last heartbeat is over ${leaseMs} ms old`);
    }
  }

  /** Has no effect if another process has taken over the lease. */
  async release(): Promise<void> {
    await this.#write(`REMOVE ${this.#prefix}_owner`, {});
  }

  /**
   * A write condition that holds as long as this lease does, with the `values` that it refers to. For other writes of
   * the shard's item.
   */
  get condition(): { readonly expression: string; readonly values: Readonly<Record<string, unknown>> } {
    return {
      expression: `${this.#prefix}_owner = :owner AND ${this.#prefix}_token = :token`,
      values: { ":owner": this.owner, ":token": this.token },
    };
  }

  get #prefix(): string {
    return prefixOf[this.kind];
  }

  #write(update: string, values: Record<string, unknown>): Promise<unknown> {
    const { client, controlTable } = this.#options;
    return unlessConditionFailed(
      client.send(
        new UpdateCommand({
          TableName: controlTable,
          Key: keyOf(this.#options),
          UpdateExpression: update,
          ConditionExpression: this.condition.expression,
          ExpressionAttributeValues: { ...values, ...this.condition.values },
        }),
      ),
    );
  }
}

/**
 * Records a waiting contender as the next holder. Otherwise a process that starts its next cycle right after releasing
 * the lease would always win, and the contender's messages would starve.
 */
async function waitAsNext(options: LeaseOptions, contender: string): Promise<void> {
  const { client, controlTable, kind = "publish" } = options;
  const prefix = prefixOf[kind];
  await unlessConditionFailed(
    client.send(
      new UpdateCommand({
        TableName: controlTable,
        Key: keyOf(options),
        UpdateExpression: `SET ${prefix}_waiting = :contender`,
        ConditionExpression: `attribute_exists(${prefix}_owner) AND attribute_not_exists(${prefix}_waiting)`,
        ExpressionAttributeValues: { ":contender": contender },
      }),
    ),
  );
}

/** The write is conditional on the state of both leases that was read; the new token is above both. */
async function take(options: LeaseOptions, item: LeaseItem, owner: string): Promise<Lease | undefined> {
  const { client, controlTable, clock, kind = "publish" } = options;
  const prefix = prefixOf[kind];
  const seen = leaseOf(item, options);
  const takenAt = clock.now();
  const isUnmoved = (name: string, value: number) =>
    value === 0 ? `(attribute_not_exists(${name}) OR ${name} = :none)` : `${name} = :${name}`;
  const unmoved = Object.entries({ lease_token: item.lease_token, fold_token: item.fold_token });
  const free = `attribute_not_exists(${prefix}_owner)`;
  const silent = `${prefix}_counter = :counter`;
  await unlessConditionFailed(
    client.send(
      new UpdateCommand({
        TableName: controlTable,
        Key: keyOf(options),
        UpdateExpression: `SET ${prefix}_owner = :owner, ${prefix}_token = :next, ${prefix}_counter = :none, ${prefix}_taken_at = :now REMOVE ${prefix}_waiting`,
        ConditionExpression: [
          seen.owner === undefined ? free : silent,
          ...unmoved.map(([name, value]) => isUnmoved(name, value)),
        ].join(" AND "),
        ExpressionAttributeValues: {
          ...Object.fromEntries(
            unmoved.flatMap(([name, value]) => (value === 0 ? [] : [[`:${name}`, value]])),
          ),
          ...(seen.owner !== undefined && { ":counter": seen.counter }),
          ":owner": owner,
          ":none": 0,
          ":next": Math.max(item.lease_token, item.fold_token) + 1,
          ":now": new Date().toISOString(),
        },
      }),
    ),
  );
  // If the SDK retried a write whose response was lost, the condition fails although the write succeeded. Only the item
  // shows which.
  const now = leaseOf(await readItemOf(options), options);
  return now.owner === owner ? new Lease(options, owner, now.token, takenAt) : undefined;
}

function leaseOf(item: LeaseItem, { kind }: LeaseOptions): SeenLease {
  return kind === "fold"
    ? {
        owner: item.fold_owner,
        token: item.fold_token,
        counter: item.fold_counter,
        waiting: item.fold_waiting,
      }
    : {
        owner: item.lease_owner,
        token: item.lease_token,
        counter: item.lease_counter,
        waiting: item.lease_waiting,
      };
}

async function readItemOf(options: LeaseOptions): Promise<LeaseItem> {
  const { client, controlTable } = options;
  const { Item } = await client.send(
    new GetCommand({ TableName: controlTable, Key: keyOf(options), ConsistentRead: true }),
  );
  return readItem(leaseItem, "lease of a collection", Item ?? {});
}

function keyOf({ key, shard }: LeaseOptions): ControlKey {
  return key ?? collectionKey(shard);
}
