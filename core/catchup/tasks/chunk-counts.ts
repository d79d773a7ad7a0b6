import { type DynamoDBDocumentClient, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { type Counts, counts } from "./counts.ts";
import { itemsOfTask } from "./items-of-task.ts";

/**
 * Number of chunks that share an item: few enough for small writes, and enough that the counts of 10,000 chunks fit in
 * one page.
 */
const chunksPerItem = 100;
const prefix = "COUNTS#";
const attribute = /^c(\d+)$/;
const progressAttribute = /^p\d+$/;

/** Numbers of records of unfinished chunks. */
export interface UnderWay {
  readonly embedded: number;
  readonly written: number;
}

/** The same for a whole task, with the number of unfinished chunks that have embedded or written records. */
export interface InFlight extends UnderWay {
  readonly chunks: number;
}

export const nothingUnderWay: InFlight = { embedded: 0, written: 0, chunks: 0 };

/** The counts of each chunk of a task. Counts are set, not added, so that a retried chunk counts once. */
export class ChunkCounts {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => number;

  constructor(client: DynamoDBDocumentClient, table: string, now: () => number = Date.now) {
    this.#client = client;
    this.#table = table;
    this.#now = now;
  }

  /** `expiresAt` is the expiry of the task in epoch seconds. */
  async set(taskId: string, chunk: number, result: Counts, expiresAt: number): Promise<void> {
    const { processed, failed, filtered, unchanged, tokens, duplicates, cached } = result;
    await this.#client.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: itemOf(taskId, chunk),
        UpdateExpression: "SET #chunk = :counts, reported_at = :now, expires_at = :expires REMOVE #progress",
        ExpressionAttributeNames: { "#chunk": `c${chunk}`, "#progress": `p${chunk}` },
        ExpressionAttributeValues: {
          ":counts": [processed, failed, filtered, unchanged, tokens, duplicates, cached],
          ":now": this.#now(),
          ":expires": expiresAt,
        },
      }),
    );
  }

  /** Records the progress of an unfinished chunk; its counts replace it later. */
  async report(taskId: string, chunk: number, progress: UnderWay, expiresAt: number): Promise<void> {
    await this.#client.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: itemOf(taskId, chunk),
        UpdateExpression: "SET #progress = :progress, reported_at = :now, expires_at = :expires",
        ExpressionAttributeNames: { "#progress": `p${chunk}` },
        ExpressionAttributeValues: {
          ":progress": [progress.embedded, progress.written],
          ":now": this.#now(),
          ":expires": expiresAt,
        },
      }),
    );
  }

  /** The counts by number of the chunk. Unfinished chunks are missing. */
  async all(taskId: string): Promise<Map<number, Counts>> {
    const found = new Map<number, Counts>();
    for await (const item of itemsOfTask(this.#client, this.#table, taskId, prefix))
      collectCounts(item, found);
    return found;
  }
}

function itemOf(taskId: string, chunk: number) {
  const group = String(Math.floor(chunk / chunksPerItem)).padStart(5, "0");
  return { PK: `TASK#${taskId}`, SK: `${prefix}${group}` };
}

/** Adds the progress in an item of counts to `known`. */
export function addInFlight(item: Record<string, unknown>, known: InFlight): InFlight {
  let { embedded, written, chunks } = known;
  for (const [name, value] of Object.entries(item)) {
    if (!progressAttribute.test(name) || !Array.isArray(value)) continue;
    embedded += Number(value[0]) || 0;
    written += Number(value[1]) || 0;
    chunks += 1;
  }
  return { embedded, written, chunks };
}

/** Adds the finished chunks in an item of counts to `into`. */
export function collectCounts(item: Record<string, unknown>, into: Map<number, Counts>): void {
  for (const [name, value] of Object.entries(item)) {
    const chunk = attribute.exec(name)?.[1];
    if (chunk === undefined || !Array.isArray(value)) continue;
    const [processed, failed, filtered, unchanged, tokens, duplicates, cached] = value;
    const read = { processed, failed, filtered, unchanged, tokens, duplicates, cached };
    into.set(Number(chunk), counts.parse(read));
  }
}
