import { DeleteCommand, type DynamoDBDocumentClient, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { type NamespaceModel, namespaceModel } from "./namespace-model.ts";
import { namespaceKey } from "./namespace-models.ts";

/**
 * Forgets which models a namespace is for, in every sink, so that the next task decides. Only for a namespace without
 * vectors. Returns what was recorded.
 */
export async function forgetNamespace(
  namespace: string,
  client: DynamoDBDocumentClient,
  table: string,
): Promise<NamespaceModel[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: "PK = :namespace",
      ExpressionAttributeValues: { ":namespace": namespaceKey(namespace) },
      ConsistentRead: true,
    }),
  );
  for (const { PK, SK } of Items) {
    await client.send(new DeleteCommand({ TableName: table, Key: { PK, SK } }));
  }
  return Items.map((item) => namespaceModel.parse(item));
}
