import { type Input, list, type Output, requireKnown } from "../fields.ts";
import type { Database } from "../store/database.ts";
import { validationError } from "../values/validation.ts";

export function tagResource(database: Database, input: Input): Output {
  requireKnown("TagResource", input, ["ResourceArn", "Tags"]);
  const { tags } = database.find(input.ResourceArn);
  for (const [key, value] of tagsOf(input.Tags)) tags.set(key, value);
  return {};
}

export function untagResource(database: Database, input: Input): Output {
  requireKnown("UntagResource", input, ["ResourceArn", "TagKeys"]);
  const { tags } = database.find(input.ResourceArn);
  for (const key of list(input.TagKeys, "tagKeys")) tags.delete(String(key));
  return {};
}

export function listTagsOfResource(database: Database, input: Input): Output {
  requireKnown("ListTagsOfResource", input, ["ResourceArn", "NextToken"]);
  const { tags } = database.find(input.ResourceArn);
  return { Tags: [...tags].map(([Key, Value]) => ({ Key, Value })) };
}

export function tagsOf(raw: unknown): Map<string, string> {
  return new Map(list(raw, "tags").map(({ Key, Value }) => [String(Key), String(Value ?? "")]));
}

export function describeTimeToLive(database: Database, input: Input): Output {
  requireKnown("DescribeTimeToLive", input, ["TableName"]);
  const { expiryAttribute: name } = database.find(input.TableName).table;
  return {
    TimeToLiveDescription:
      name === undefined
        ? { TimeToLiveStatus: "DISABLED" }
        : { TimeToLiveStatus: "ENABLED", AttributeName: name },
  };
}

export function updateTimeToLive(database: Database, input: Input): Output {
  requireKnown("UpdateTimeToLive", input, ["TableName", "TimeToLiveSpecification"]);
  const { table } = database.find(input.TableName);
  const { Enabled: enabled, AttributeName: name } = (input.TimeToLiveSpecification ?? {}) as Input;
  if (typeof enabled !== "boolean" || typeof name !== "string" || name === "") {
    throw validationError("TimeToLiveSpecification needs Enabled and AttributeName");
  }
  if (enabled && table.expiryAttribute !== undefined) throw validationError("TimeToLive is already enabled");
  if (!enabled && table.expiryAttribute === undefined)
    throw validationError("TimeToLive is already disabled");
  if (!enabled && table.expiryAttribute !== name) {
    throw validationError(
      `TimeToLive is active on a different AttributeName: current AttributeName is ${table.expiryAttribute}`,
    );
  }
  table.expiryAttribute = enabled ? name : undefined;
  return { TimeToLiveSpecification: { Enabled: enabled, AttributeName: name } };
}
