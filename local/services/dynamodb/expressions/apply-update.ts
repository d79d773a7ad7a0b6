import { type AttributeValue, attributeOf, type Item, typeOf } from "../values/attribute-value.ts";
import { addDecimals, decimalText, negated, parseDecimal } from "../values/decimal.ts";
import { validationError } from "../values/validation.ts";
import { type PathNode, valueAt } from "./paths.ts";
import type { Change, Term, Update } from "./update.ts";

type Members = readonly string[];

/**
 * The item after the update; the one before is left as it is. Every operand, and every index of a list, is that of the
 * item before. Throws ValidationException.
 */
export function applyUpdate(before: Item, { changes }: Update): Item {
  return mapWith(before, before, changes);
}

/** Returns undefined if the value is removed. */
function valueWith(
  before: Item,
  value: AttributeValue | undefined,
  node: PathNode<Change>,
): AttributeValue | undefined {
  if (node.leaf !== undefined) return valueAfter(before, value, node.leaf);
  const [step] = node.children.keys();
  if (typeof step === "number") {
    if (value === undefined || !("L" in value)) throw invalidPath();
    return { L: listWith(before, value.L, node) };
  }
  if (value === undefined || !("M" in value)) throw invalidPath();
  return { M: mapWith(before, value.M, node) };
}

function mapWith(before: Item, map: Item, node: PathNode<Change>): Item {
  const attributes = new Map(Object.entries(map));
  for (const [step, child] of node.children) {
    const name = String(step);
    const value = valueWith(before, attributeOf(map, name), child);
    if (value === undefined) attributes.delete(name);
    else attributes.set(name, value);
  }
  return Object.fromEntries(attributes);
}

/** Elements that are set beyond the end are appended in the order of their indexes. */
function listWith(
  before: Item,
  list: readonly AttributeValue[],
  node: PathNode<Change>,
): readonly AttributeValue[] {
  const elements: (AttributeValue | undefined)[] = [...list];
  const inOrder = [...node.children].sort(([a], [b]) => Number(a) - Number(b));
  for (const [step, child] of inOrder) {
    const index = Number(step);
    const value = valueWith(before, list[index], child);
    if (index < list.length) elements[index] = value;
    else elements.push(value);
  }
  return elements.filter((element) => element !== undefined);
}

function valueAfter(
  before: Item,
  value: AttributeValue | undefined,
  change: Change,
): AttributeValue | undefined {
  switch (change.kind) {
    case "set":
      return evaluate(before, change.term);
    case "remove":
      return undefined;
    case "add":
      return added(value, change.value);
    case "delete":
      return withoutMembers(value, change.value);
  }
}

function added(value: AttributeValue | undefined, more: AttributeValue): AttributeValue {
  if (value === undefined) return more;
  if ("N" in value && "N" in more) return sum(value.N, more.N, 1);
  const [members, added] = [membersOf(value, more), membersOf(more, value)];
  return setOf(typeOf(more), [...new Set([...members, ...added])]);
}

function withoutMembers(value: AttributeValue | undefined, less: AttributeValue): AttributeValue | undefined {
  if (value === undefined) return undefined;
  const deleted = new Set(membersOf(less, value));
  const left = membersOf(value, less).filter((member) => !deleted.has(member));
  return left.length === 0 ? undefined : setOf(typeOf(less), left);
}

/** Returns the members of a set. Both sets must have the same type. */
function membersOf(value: AttributeValue, other: AttributeValue): Members {
  if ("SS" in value && "SS" in other) return value.SS;
  if ("NS" in value && "NS" in other) return value.NS;
  if ("BS" in value && "BS" in other) return value.BS;
  throw wrongOperandType();
}

function setOf(type: string, members: Members): AttributeValue {
  if (type === "SS") return { SS: members };
  return type === "NS" ? { NS: members } : { BS: members };
}

function evaluate(before: Item, term: Term): AttributeValue {
  switch (term.kind) {
    case "value":
      return term.value;
    case "path": {
      const value = valueAt(before, term.path);
      if (value !== undefined) return value;
      throw validationError("The provided expression refers to an attribute that does not exist in the item");
    }
    case "ifNotExists":
      return valueAt(before, term.path) ?? evaluate(before, term.otherwise);
    case "append": {
      const [left, right] = [evaluate(before, term.left), evaluate(before, term.right)];
      if (!("L" in left) || !("L" in right)) throw wrongOperandType();
      return { L: [...left.L, ...right.L] };
    }
    case "plus":
    case "minus": {
      const [left, right] = [evaluate(before, term.left), evaluate(before, term.right)];
      if (!("N" in left) || !("N" in right)) throw wrongOperandType();
      return sum(left.N, right.N, term.kind === "plus" ? 1 : -1);
    }
  }
}

function sum(left: string, right: string, sign: 1 | -1): AttributeValue {
  const addend = parseDecimal(right);
  return { N: decimalText(addDecimals(parseDecimal(left), sign === 1 ? addend : negated(addend))) };
}

function wrongOperandType() {
  return validationError("An operand in the update expression has an incorrect data type");
}

function invalidPath() {
  return validationError("The document path provided in the update expression is invalid for update");
}
