import type { Condition, Operand } from "../expressions/condition.ts";
import { firstNot } from "../store/sorted.ts";
import { type AttributeValue, attributeOf, type Item } from "../values/attribute-value.ts";
import { beginsWith, compareValues } from "../values/compare.ts";
import { validationError } from "../values/validation.ts";

/** Negative for a sort key before the range of a key condition, positive for one after it. */
type Place = (sortKey: AttributeValue) => number;

/** Returns the items of a partition that match the condition on the sort key, in sort order. */
export function itemsInRange(
  items: readonly Item[],
  sortKey: string | undefined,
  condition: Condition | undefined,
): readonly Item[] {
  if (condition === undefined || sortKey === undefined) return items;
  const place = placeOf(condition);
  const placeOfItem = (item: Item) => {
    const value = attributeOf(item, sortKey);
    return value === undefined ? -1 : place(value);
  };
  return items.slice(
    firstNot(items, (item) => placeOfItem(item) < 0),
    firstNot(items, (item) => placeOfItem(item) <= 0),
  );
}

function placeOf(condition: Condition): Place {
  if (condition.kind === "between") {
    const [lower, upper] = [literal(condition.lower), literal(condition.upper)];
    return (value) => (order(value, lower) < 0 ? -1 : order(value, upper) > 0 ? 1 : 0);
  }
  if (condition.kind === "begins") {
    const prefix = literal(condition.part);
    return (value) => (beginsWith(value, prefix) ? 0 : order(value, prefix));
  }
  if (condition.kind !== "compare") throw validationError("Query key condition not supported");
  const bound = literal(condition.right);
  switch (condition.comparator) {
    case "<":
      return (value) => (order(value, bound) < 0 ? 0 : 1);
    case "<=":
      return (value) => (order(value, bound) <= 0 ? 0 : 1);
    case ">":
      return (value) => (order(value, bound) > 0 ? 0 : -1);
    case ">=":
      return (value) => (order(value, bound) >= 0 ? 0 : -1);
    default:
      return (value) => order(value, bound);
  }
}

function order(value: AttributeValue, bound: AttributeValue): number {
  return compareValues(value, bound) ?? -1;
}

function literal(operand: Operand): AttributeValue {
  if (operand.kind === "value") return operand.value;
  throw validationError("Query key condition not supported");
}
