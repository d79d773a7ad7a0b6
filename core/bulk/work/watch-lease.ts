import { type DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { unlessConditionFailed } from "../../conditional-write.ts";

/** DynamoDB deletes the item of a stack without workers about this long after the lease. */
const keptSeconds = 3_600;

/**
 * The lease of the one worker that watches the open tasks. A watch reads all tasks of the table and queries the broker
 * for each open one, so that every worker doing it would be wasteful. A killed watcher keeps the lease until it
 * expires.
 */
export class WatchLease {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => number;

  constructor(client: DynamoDBDocumentClient, table: string, now: () => number = Date.now) {
    this.#client = client;
    this.#table = table;
    this.#now = now;
  }

  /** Returns whether this worker has the lease now. No other worker gets it within `leaseMs`. */
  async take(workerId: string, leaseMs: number): Promise<boolean> {
    const now = this.#now();
    const written = await unlessConditionFailed(
      this.#client.send(
        new PutCommand({
          TableName: this.#table,
          Item: {
            PK: "BULK#WATCH",
            SK: "LEASE",
            worker: workerId,
            leased_until: now + leaseMs,
            expires_at: Math.floor((now + leaseMs) / 1_000) + keptSeconds,
          },
          ConditionExpression: "attribute_not_exists(PK) OR leased_until <= :now",
          ExpressionAttributeValues: { ":now": now },
        }),
      ),
    );
    return written !== undefined;
  }
}
