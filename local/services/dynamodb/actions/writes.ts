import { ConditionFailedError } from "../errors.ts";
import { applyUpdate } from "../expressions/apply-update.ts";
import { meets } from "../expressions/judge.ts";
import { Placeholders } from "../expressions/placeholders.ts";
import { readCondition } from "../expressions/read-condition.ts";
import { readUpdate } from "../expressions/read-update.ts";
import type { Update } from "../expressions/update.ts";
import { type Input, oneOf } from "../fields.ts";
import { partsOf, requireKey } from "../store/keys.ts";
import type { Table } from "../store/table.ts";
import { type Item, readItem } from "../values/attribute-value.ts";
import { validationError } from "../values/validation.ts";

/** A validated write that is not yet executed. */
export interface PlannedWrite {
  readonly table: Table;
  /** The item's key, with or without the rest of the item. */
  readonly key: Item;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
  readonly update?: Update;
}

export const conditionFields = [
  "TableName",
  "ConditionExpression",
  "ExpressionAttributeNames",
  "ExpressionAttributeValues",
  "ReturnValuesOnConditionCheckFailure",
];

/** These functions throw AwsError, and ConditionFailedError if the condition is not satisfied. */
export function planPut(table: Table, input: Input): PlannedWrite {
  const after = readItem(input.Item);
  table.requireStorable(after);
  return judged(input, { table, key: after, before: table.items.get(after), after });
}

export function planDelete(table: Table, input: Input): PlannedWrite {
  const { key, before } = existing(table, input);
  return judged(input, { table, key, before, after: undefined });
}

/** The item stays as it is. */
export function planCheck(table: Table, input: Input): PlannedWrite {
  const { key, before } = existing(table, input);
  return judged(input, { table, key, before, after: before });
}

export function planUpdate(table: Table, input: Input): PlannedWrite {
  const { key, before } = existing(table, input);
  const placeholders = new Placeholders(input.ExpressionAttributeNames, input.ExpressionAttributeValues);
  const update =
    input.UpdateExpression === undefined ? undefined : readUpdate(input.UpdateExpression, placeholders);
  for (const { name } of partsOf(table.keys)) {
    if (!update?.changes.children.has(name)) continue;
    throw validationError(
      `One or more parameter values were invalid: Cannot update attribute ${name}. This attribute is part of the key`,
    );
  }
  judge(input, before, placeholders);
  const after = update === undefined ? (before ?? key) : applyUpdate(before ?? key, update);
  table.requireStorable(after, "Item size to update has exceeded the maximum allowed size");
  return { table, key, before, after, ...(update === undefined ? {} : { update }) };
}

function existing(table: Table, input: Input): { key: Item; before: Item | undefined } {
  const key = readItem(input.Key);
  requireKey(key, table.keys);
  return { key, before: table.items.get(key) };
}

function judged(input: Input, write: PlannedWrite): PlannedWrite {
  judge(
    input,
    write.before,
    new Placeholders(input.ExpressionAttributeNames, input.ExpressionAttributeValues),
  );
  return write;
}

function judge(input: Input, item: Item | undefined, placeholders: Placeholders): void {
  const wanted = oneOf(input, "ReturnValuesOnConditionCheckFailure", ["NONE", "ALL_OLD"]);
  const condition =
    input.ConditionExpression === undefined
      ? undefined
      : readCondition("ConditionExpression", input.ConditionExpression, placeholders);
  placeholders.requireAllUsed();
  if (condition === undefined || meets(item ?? {}, condition)) return;
  throw new ConditionFailedError(wanted === "ALL_OLD" ? item : undefined);
}
