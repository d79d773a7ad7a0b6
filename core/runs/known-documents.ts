import { type DynamoDBDocumentClient, paginateScan } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../contract/collections.ts";
import { documentModel } from "../documents/documents.ts";
import { holdsShardKey } from "../documents/shards.ts";

/**
 * Keys of the shard's documents that have a CURRENT item, by page of the control table. Documents of the last second
 * may be missing, because the scan is eventually consistent.
 */
export async function* knownDocuments(
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
      const document = documentModel.ofControlKey(String(PK));
      return document !== undefined && holdsShardKey(shard, documentModel.shardKeyOf(document))
        ? [documentModel.keyOf(document)]
        : [];
    });
  }
}
