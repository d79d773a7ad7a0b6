import { type DynamoDBDocumentClient, paginateScan } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../contract/collections.ts";
import { receiptKey } from "../receipts/receipt.ts";
import { holdsImage } from "../receipts/shards.ts";
import { receiptOfCurrent } from "./run-item.ts";

/**
 * Keys of the shard's receipts that have a CURRENT item, by page of the control table. Receipts of the last second may
 * be missing, because the scan is eventually consistent.
 */
export async function* knownReceipts(
  control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string },
  shard: ShardName,
): AsyncGenerator<readonly string[]> {
  const pages = paginateScan(
    { client: control.client },
    {
      TableName: control.controlTable,
      ProjectionExpression: "PK",
      FilterExpression: "SK = :current",
      ExpressionAttributeValues: { ":current": "CURRENT" },
    },
  );
  for await (const { Items = [] } of pages) {
    yield Items.flatMap(({ PK }) => {
      const receipt = receiptOfCurrent(String(PK));
      return receipt !== undefined && holdsImage(shard, receipt.imageId) ? [receiptKey(receipt)] : [];
    });
  }
}
