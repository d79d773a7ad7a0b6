import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";

/** A worker process writes as often. */
export const beatMs = 5_000;
/** A worker that has been silent for longer counts as gone. */
const aliveMs = 15_000;
/** DynamoDB deletes the item of a worker that is gone after about this time. */
const keptSeconds = 3_600;
const partition = "BULK#WORKERS";

const heartbeat = z.object({
  SK: z.string(),
  /** Epoch ms. */
  beat_at: z.number(),
  slots: z.number(),
  busy: z.number(),
});

/** A worker as it was heard of last. */
export interface WorkerSeen extends WorkerState {
  readonly id: string;
  /** Epoch ms. */
  readonly beatAt: number;
}

export interface WorkerState {
  /** Chunks that the process works on at a time, and on how many it does now. */
  readonly slots: number;
  readonly busy: number;
}

/**
 * Which worker processes are alive, in the table of tasks: it is the same for every broker, and it outlives one. A managed
 * Redis may refuse CLIENT LIST, which BullMQ counts its workers by.
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

  /** The workers that are alive. */
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
