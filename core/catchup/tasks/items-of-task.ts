import { type DynamoDBDocumentClient, paginateQuery } from "@aws-sdk/lib-dynamodb";

/** The items of a task whose sort keys begin so, as they are stored now. */
export async function* itemsOfTask(
  client: DynamoDBDocumentClient,
  table: string,
  taskId: string,
  prefix: string,
): AsyncGenerator<Record<string, unknown>> {
  const query = {
    TableName: table,
    KeyConditionExpression: "PK = :task AND begins_with(SK, :prefix)",
    ExpressionAttributeValues: { ":task": `TASK#${taskId}`, ":prefix": prefix },
    ConsistentRead: true,
  };
  for await (const { Items = [] } of paginateQuery({ client }, query)) yield* Items;
}
