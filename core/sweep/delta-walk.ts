import { randomUUID } from "node:crypto";
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { unlessConditionFailed } from "../conditional-write.ts";
import { readItem } from "../unreadable-item.ts";

const key = { PK: "SWEEP", SK: "DELTAS" };

const walkItem = z.object({
  holder: z.string().optional(),
  taken_at: z.string().default(new Date(0).toISOString()),
  began_at: z.string().default(new Date(0).toISOString()),
  /** The last processed key; absent before and after a walk. */
  reached: z.string().optional(),
});

export interface DeltaWalkOptions {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
  /** A claim older than this has expired, because its function must have timed out. */
  readonly claimMs: number;
  /** Minimum time between the starts of two walks. */
  readonly everyMs: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A walk over all stored deltas. One process at a time continues it from its last position. */
export class DeltaWalk {
  readonly #options: DeltaWalkOptions;
  readonly #holder: string;
  /** The last processed key; undefined at the beginning. */
  readonly after: string | undefined;

  private constructor(options: DeltaWalkOptions, holder: string, after: string | undefined) {
    this.#options = options;
    this.#holder = holder;
    this.after = after;
  }

  /** Resolves to undefined while another process holds the walk, or if the next walk is not due yet. */
  static async take(options: DeltaWalkOptions): Promise<DeltaWalk | undefined> {
    const { client, controlTable, claimMs, everyMs, now } = options;
    const { Item } = await client.send(
      new GetCommand({ TableName: controlTable, Key: key, ConsistentRead: true }),
    );
    const item = readItem(walkItem, "walk through the deltas", Item ?? {});
    if (item.holder !== undefined && now() - Date.parse(item.taken_at) < claimMs) return undefined;
    const isNew = item.reached === undefined;
    if (isNew && item.holder === undefined && now() - Date.parse(item.began_at) < everyMs) return undefined;
    const holder = randomUUID();
    const taken = await unlessConditionFailed(
      client.send(
        new UpdateCommand({
          TableName: controlTable,
          Key: key,
          UpdateExpression: "SET holder = :holder, taken_at = :now, began_at = :began",
          ConditionExpression: item.holder === undefined ? "attribute_not_exists(holder)" : "holder = :seen",
          ExpressionAttributeValues: {
            ":holder": holder,
            ":now": new Date(now()).toISOString(),
            ":began": isNew ? new Date(now()).toISOString() : item.began_at,
            ...(item.holder !== undefined && { ":seen": item.holder }),
          },
        }),
      ),
    );
    return taken && new DeltaWalk(options, holder, item.reached);
  }

  /** Stores the position; undefined at the end. Resolves to false if another process has taken over. */
  async reach(after: string | undefined): Promise<boolean> {
    return this.#update(after === undefined ? "REMOVE reached" : "SET reached = :reached", after);
  }

  /** Releases the walk for other processes. */
  async leave(): Promise<void> {
    await this.#update("REMOVE holder");
  }

  async #update(UpdateExpression: string, after?: string): Promise<boolean> {
    const { client, controlTable } = this.#options;
    const updated = await unlessConditionFailed(
      client.send(
        new UpdateCommand({
          TableName: controlTable,
          Key: key,
          UpdateExpression,
          ConditionExpression: "holder = :holder",
          ExpressionAttributeValues: {
            ":holder": this.#holder,
            ...(after !== undefined && { ":reached": after }),
          },
        }),
      ),
    );
    return updated !== undefined;
  }
}
