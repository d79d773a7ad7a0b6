import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";

/** The interval of a worker process's heartbeats. */
export const beatMs = 5_000;
/** A worker counts as dead after this time without a heartbeat. */
const aliveMs = 15_000;
/** DynamoDB deletes the item of a dead worker after about this time. */
const keptSeconds = 3_600;
const partition = "BULK#WORKERS";

const heartbeat = z.object({
  SK: z.string(),
  /** Epoch milliseconds. */
  beat_at: z.number(),
  slots: z.number(),
  busy: z.number(),
});

/** A worker as of its last heartbeat. */
export interface WorkerSeen extends WorkerState {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly beatAt: number;
}

export interface WorkerState {
  /** The maximum number of concurrent chunks, and the number in progress. */
  readonly slots: number;
  readonly busy: number;
}

/**
 * The heartbeats of worker processes. They are in the table of tasks, because it is the same for every broker and
 * outlives one. BullMQ counts workers with CLIENT LIST, which a managed Redis may not allow.
 */
export class Heartbeats {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => number;

  constructor(client: DynamoDBDocumentClient, table: string, now: () => number = Date.now) {
    this.#client = client;
    this.#table = table;
    this.#now = now;
  }

  async beat(workerId: string, { slots, busy }: WorkerState): Promise<void> {
    const now = this.#now();
    const expires_at = Math.floor(now / 1_000) + keptSeconds;
    const Item = { PK: partition, SK: workerId, beat_at: now, slots, busy, expires_at };
    await this.#client.send(new PutCommand({ TableName: this.#table, Item }));
  }

  /** Returns the workers that are alive. */
  async alive(): Promise<WorkerSeen[]> {
    const { Items = [] } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: "PK = :workers",
        ExpressionAttributeValues: { ":workers": partition },
      }),
    );
    return Items.map((item) => heartbeat.parse(item))
      .map(({ SK, beat_at, slots, busy }) => ({ id: SK, beatAt: beat_at, slots, busy }))
      .filter(({ beatAt }) => this.#now() - beatAt < aliveMs);
  }
}
