import { AwsError, type Permission } from "../../protocol/service.ts";
import { itemActions, tableActions } from "./actions/actions.ts";
import type { Input } from "./fields.ts";
import { leadingKeysOf } from "./leading-keys.ts";
import { tableArn } from "./store/database.ts";
import { readIterator, streamActions } from "./stream-actions.ts";

/** The permissions of the parts of a transaction; IAM has no action for the whole. */
const partActions: Readonly<Record<string, string>> = {
  ConditionCheck: "ConditionCheckItem",
  Delete: "DeleteItem",
  Get: "GetItem",
  Put: "PutItem",
  Update: "UpdateItem",
};

/** Throws AwsError for an action that the local DynamoDB does not have. */
export function dynamodbPermissions(action: string, input: Input): Permission[] {
  const needs = (resource: string): Permission => ({ action: `dynamodb:${action}`, resource });
  if (Object.hasOwn(streamActions, action)) return [needs(streamResource(action, input))];
  if (action === "TransactWriteItems" || action === "TransactGetItems") return transactPermissions(input);
  if (!Object.hasOwn(itemActions, action) && !Object.hasOwn(tableActions, action)) {
    throw new AwsError(
      400,
      "UnknownOperationException",
      `The local DynamoDB does not have the action "${action}".`,
    );
  }
  if (action === "ListTables") return [needs("*")];
  if (action === "BatchGetItem" || action === "BatchWriteItem") {
    return Object.keys((input.RequestItems ?? {}) as object).map((name) => ({
      ...needs(arnOf(name)),
      ...leading(leadingKeysOf(action, input, name)),
    }));
  }
  if (input.ResourceArn !== undefined) return [needs(String(input.ResourceArn))];
  const table = arnOf(String(input.TableName ?? ""));
  const resource = input.IndexName === undefined ? table : `${table}/index/${input.IndexName}`;
  return [{ ...needs(resource), ...leading(leadingKeysOf(action, input, String(input.TableName))) }];
}

/** A policy with a condition on unknown keys is an error rather than silently true or false. */
function leading(keys: readonly string[] | undefined): Pick<Permission, "context"> {
  return keys === undefined ? {} : { context: { "dynamodb:LeadingKeys": keys } };
}

function transactPermissions({ TransactItems: items }: Input): Permission[] {
  if (!Array.isArray(items)) return [];
  return (items as readonly Record<string, Input | undefined>[]).flatMap((item) =>
    Object.entries(item).map(([part, request = {}]) => {
      const action = partActions[part] ?? part;
      const table = String(request.TableName ?? "");
      return {
        action: `dynamodb:${action}`,
        resource: arnOf(table),
        ...leading(leadingKeysOf(action, request, table)),
      };
    }),
  );
}

function streamResource(action: string, input: Input): string {
  if (action === "ListStreams") return `${arnOf(String(input.TableName ?? "*"))}/stream/*`;
  return action === "GetRecords" ? readIterator(input.ShardIterator).arn : String(input.StreamArn);
}

function arnOf(name: string): string {
  return name.startsWith("arn:") ? name : tableArn(name);
}
