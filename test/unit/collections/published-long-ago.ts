import { type DynamoDBDocumentClient, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../../contract/collections.ts";
import { collectionKey } from "../../../core/collections/lease/collection-key.ts";

/** As if so much time had passed since the last publish that nobody takes a folder that is gone for one that does not show yet. */
export async function publishedLongAgo(
  { client, controlTable }: { readonly client: DynamoDBDocumentClient; readonly controlTable: string },
  shard: ShardName,
): Promise<void> {
  await client.send(
    new UpdateCommand({
      TableName: controlTable,
      Key: collectionKey(shard),
      UpdateExpression: "SET head_published_at = :then",
      ExpressionAttributeValues: { ":then": new Date(Date.now() - 600_000).toISOString() },
    }),
  );
}
