import { type DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { unlessConditionFailed } from "../../conditional-write.ts";

/** DynamoDB deletes the item of a stack without workers after about this time. */
const keptSeconds = 3_600;

/**
 * Which worker watches the open tasks. Every worker could, but each watch reads all tasks of the table and asks the broker for
 * every open one. A watcher that is killed keeps the lease until it expires.
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

  /** Whether this worker is to watch now. No other is told so within `leaseMs`. */
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
