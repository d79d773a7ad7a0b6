import { accountId, region } from "../../endpoint/account.ts";
import { AwsError, type Permission } from "../../endpoint/service.ts";
import { readIterator, streamActions } from "./stream-actions.ts";
import { type Input, Tables } from "./tables.ts";

/** Throws AwsError for an action that the local DynamoDB does not have. */
export function dynamodbPermissions(action: string, input: Input): Permission[] {
  const needs = (resource: string): Permission => ({ action: `dynamodb:${action}`, resource });
  if (action in streamActions) return [needs(streamResource(action, input))];
  if (!Tables.has(action)) {
    throw new AwsError(
      400,
      "UnknownOperationException",
      `The local DynamoDB does not have the action "${action}".`,
    );
  }
  if (action === "ListTables") return [needs("*")];
  if (action === "BatchGetItem" || action === "BatchWriteItem") {
    return Object.keys((input.RequestItems ?? {}) as object).map((name) => needs(tableArn(name)));
  }
  if (input.ResourceArn !== undefined) return [needs(String(input.ResourceArn))];
  const table = tableArn(String(input.TableName ?? ""));
  return [needs(input.IndexName === undefined ? table : `${table}/index/${input.IndexName}`)];
}

function streamResource(action: string, input: Input): string {
  if (action === "ListStreams") return `${tableArn(String(input.TableName ?? "*"))}/stream/*`;
  return action === "GetRecords" ? readIterator(input.ShardIterator).arn : String(input.StreamArn);
}

function tableArn(name: string): string {
  return name.startsWith("arn:") ? name : `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
}
