import type { AttributeValue } from "../values/attribute-value.ts";
import { typeOf } from "../values/attribute-value.ts";
import { validationError } from "../values/validation.ts";
import type { Condition, Operand } from "./condition.ts";
import type { Placeholders } from "./placeholders.ts";
import { readCondition } from "./read-condition.ts";

/** The keys of a table or index. */
export interface KeyNames {
  readonly hash: string;
  readonly range: string | undefined;
}

/** The partition, and the condition on the sort key. */
export interface KeyCondition {
  readonly hash: AttributeValue;
  readonly range: Condition | undefined;
}

const rangeComparators = ["=", "<", "<=", ">", ">="];

/** Reads a KeyConditionExpression for these keys. Throws AwsError. */
export function readKeyCondition(text: unknown, placeholders: Placeholders, keys: KeyNames): KeyCondition {
  const condition = readCondition("KeyConditionExpression", text, placeholders);
  const parts = flattened(condition);
  const byKey = new Map<string, Condition>();
  for (const part of parts) {
    const name = keyOf(part);
    if (byKey.has(name)) {
      throw validationError("KeyConditionExpressions must only contain one condition per key");
    }
    byKey.set(name, part);
  }
  const hash = byKey.get(keys.hash);
  if (hash === undefined) throw validationError(`Query condition missed key schema element: ${keys.hash}`);
  if (hash.kind !== "compare" || hash.comparator !== "=" || hash.right.kind !== "value") {
    throw validationError("Query key condition not supported");
  }
  const range = keys.range === undefined ? undefined : byKey.get(keys.range);
  if (byKey.size > (range === undefined ? 1 : 2)) {
    throw validationError(
      keys.range === undefined
        ? "Query key condition not supported"
        : `Query condition missed key schema element: ${keys.range}`,
    );
  }
  if (range?.kind === "compare" && !rangeComparators.includes(range.comparator)) {
    throw validationError("Query key condition not supported");
  }
  return { hash: hash.right.value, range };
}

/** Throws unless the values of a key condition are of the key's type. */
export function requireKeyType(condition: Condition, type: string): void {
  for (const value of valuesOf(condition)) {
    if (typeOf(value) === type) continue;
    throw validationError(
      "One or more parameter values were invalid: Condition parameter type does not match schema type",
    );
  }
}

function flattened(condition: Condition): readonly Condition[] {
  return condition.kind === "and" ? condition.parts.flatMap(flattened) : [condition];
}

/** The one key that a condition is on. */
function keyOf(condition: Condition): string {
  const operand = subjectOf(condition);
  const [name] = operand?.kind === "path" ? operand.path : [];
  if (operand?.kind !== "path" || operand.path.length !== 1 || name === undefined) {
    throw validationError("Query key condition not supported");
  }
  return String(name);
}

function subjectOf(condition: Condition): Operand | undefined {
  switch (condition.kind) {
    case "compare":
      return condition.left;
    case "between":
    case "begins":
      return condition.operand;
    case "or":
    case "not":
    case "in":
      throw validationError(
        `Invalid operator used in KeyConditionExpression: ${condition.kind.toUpperCase()}`,
      );
    default:
      return undefined;
  }
}

function valuesOf(condition: Condition): readonly AttributeValue[] {
  const operands =
    condition.kind === "compare"
      ? [condition.right]
      : condition.kind === "between"
        ? [condition.lower, condition.upper]
        : condition.kind === "begins"
          ? [condition.part]
          : [];
  return operands.map((operand) => {
    if (operand.kind === "value") return operand.value;
    throw validationError("Query key condition not supported");
  });
}
