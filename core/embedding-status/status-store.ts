import { type DynamoDBDocumentClient, paginateQuery, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { unlessConditionFailed } from "../conditional-write.ts";
import { fiveDigits, type ReceiptRef } from "../receipts/receipt.ts";
import type { ReceiptPart } from "../receipts/vector-ids.ts";

/** The values of `embedding_status` that this product writes; applications may write others. */
export type EmbeddingStatus = "SUCCESS" | "FAILED";

const item = z.object({ SK: z.string(), embedding_status: z.unknown() });

/** The attribute `embedding_status` of the lines and words of receipts. */
export class StatusStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #receiptsTable: string;

  constructor(client: DynamoDBDocumentClient, receiptsTable: string) {
    this.#client = client;
    this.#receiptsTable = receiptsTable;
  }

  /** Returns the status of every existing line and word, by part. */
  async statusesOf(receipt: ReceiptRef): Promise<Map<ReceiptPart, unknown>> {
    const { PK, stem } = keyOf(receipt);
    const pages = paginateQuery(
      { client: this.#client },
      {
        TableName: this.#receiptsTable,
        KeyConditionExpression: "PK = :image AND begins_with(SK, :lines)",
        ProjectionExpression: "SK, embedding_status",
        ExpressionAttributeValues: { ":image": PK, ":lines": `${stem}LINE#` },
        ConsistentRead: true,
      },
    );
    const statuses = new Map<ReceiptPart, unknown>();
    for await (const { Items = [] } of pages) {
      for (const one of Items) {
        const { SK, embedding_status } = item.parse(one);
        statuses.set(SK.slice(stem.length) as ReceiptPart, embedding_status);
      }
    }
    return statuses;
  }

  /** Returns false if the item was deleted meanwhile; it is not recreated. */
  async write(receipt: ReceiptRef, part: ReceiptPart, status: EmbeddingStatus): Promise<boolean> {
    const { PK, stem } = keyOf(receipt);
    const update = new UpdateCommand({
      TableName: this.#receiptsTable,
      Key: { PK, SK: stem + part },
      UpdateExpression: "SET embedding_status = :status",
      ConditionExpression: "attribute_exists(PK)",
      ExpressionAttributeValues: { ":status": status },
    });
    return (await unlessConditionFailed(this.#client.send(update))) !== undefined;
  }
}

function keyOf({ imageId, receiptId }: ReceiptRef) {
  return { PK: `IMAGE#${imageId}`, stem: `RECEIPT#${fiveDigits(receiptId)}#` };
}
