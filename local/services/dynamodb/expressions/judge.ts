import { type AttributeValue, type Item, typeOf } from "../values/attribute-value.ts";
import { beginsWith, compareValues, containsValue, equalValues } from "../values/compare.ts";
import { sizeOf } from "../values/size.ts";
import type { Comparator, Condition, Operand } from "./condition.ts";
import { valueAt } from "./paths.ts";

/**
 * Whether an item satisfies a condition. An absent value equals nothing, not even another absent one, and has no order,
 * so that of the comparisons only `<>` is true.
 */
export function meets(item: Item, condition: Condition): boolean {
  switch (condition.kind) {
    case "and":
      return condition.parts.every((part) => meets(item, part));
    case "or":
      return condition.parts.some((part) => meets(item, part));
    case "not":
      return !meets(item, condition.part);
    case "compare":
      return compare(condition.comparator, resolve(item, condition.left), resolve(item, condition.right));
    case "between": {
      const value = resolve(item, condition.operand);
      return (
        compare(">=", value, resolve(item, condition.lower)) &&
        compare("<=", value, resolve(item, condition.upper))
      );
    }
    case "in": {
      const value = resolve(item, condition.operand);
      return condition.candidates.some((candidate) => compare("=", value, resolve(item, candidate)));
    }
    case "exists":
      return (valueAt(item, condition.path) !== undefined) === condition.exists;
    case "type": {
      const value = valueAt(item, condition.path);
      return value !== undefined && typeOf(value) === condition.type;
    }
    case "begins":
    case "contains": {
      const holds = condition.kind === "begins" ? beginsWith : containsValue;
      const [value, part] = [resolve(item, condition.operand), resolve(item, condition.part)];
      return value !== undefined && part !== undefined && holds(value, part);
    }
  }
}

function resolve(item: Item, operand: Operand): AttributeValue | undefined {
  if (operand.kind === "value") return operand.value;
  if (operand.kind === "path") return valueAt(item, operand.path);
  const value = resolve(item, operand.of);
  const size = value === undefined ? undefined : sizeOf(value);
  return size === undefined ? undefined : { N: String(size) };
}

function compare(
  comparator: Comparator,
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): boolean {
  if (left === undefined || right === undefined) return comparator === "<>";
  if (comparator === "=") return equalValues(left, right);
  if (comparator === "<>") return !equalValues(left, right);
  const order = compareValues(left, right);
  if (order === undefined) return false;
  switch (comparator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}
