import { DeleteCommand, type DynamoDBDocumentClient, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../../contract/collections.ts";
import { cutMessage } from "../../text/cut-message.ts";
import { isValidationError } from "../../unreadable-item.ts";

/** The maximum retention of a queue, so an older count belongs to a message that has succeeded or expired. */
const secondsKept = 14 * 86_400;

/** Counts the failures of messages that have no run to count them. */
export class FailureLedger {
  readonly #client: DynamoDBDocumentClient;
  readonly #controlTable: string;
  readonly #shard: ShardName;

  constructor(client: DynamoDBDocumentClient, controlTable: string, shard: ShardName) {
    this.#client = client;
    this.#controlTable = controlTable;
    this.#shard = shard;
  }

  /** Resolves to the failures of the message so far, including this one. */
  async count(deduplicationId: string, reason: string): Promise<number> {
    try {
      return await this.#add(deduplicationId, reason);
    } catch (error) {
      // The stored count is not a number, because somebody has edited the item: no other failure of this call is
      // permanent.
      if (!isValidationError(error)) throw error;
      await this.forget(deduplicationId);
      return this.#add(deduplicationId, reason);
    }
  }

  async #add(deduplicationId: string, reason: string): Promise<number> {
    const { Attributes } = await this.#client.send(
      new UpdateCommand({
        TableName: this.#controlTable,
        Key: this.#key(deduplicationId),
        UpdateExpression: "SET reason = :reason, failed_at = :now, expires_at = :expires ADD failures :one",
        ExpressionAttributeValues: {
          ":reason": cutMessage(reason),
          ":now": new Date().toISOString(),
          ":expires": Math.floor(Date.now() / 1_000) + secondsKept,
          ":one": 1,
        },
        ReturnValues: "ALL_NEW",
      }),
    );
    return Number(Attributes?.failures);
  }

  /** Lets a message that is replayed later start with no failures. */
  async forget(deduplicationId: string): Promise<void> {
    await this.#client.send(
      new DeleteCommand({ TableName: this.#controlTable, Key: this.#key(deduplicationId) }),
    );
  }

  #key(deduplicationId: string) {
    return { PK: `FAILURE#${this.#shard}`, SK: deduplicationId };
  }
}
