import { VectorkeepError } from "../../core/vectorkeep-error.ts";

/** A filter pattern uses what this implementation does not have; guessing would drop records. */
export class FilterNotUnderstoodError extends VectorkeepError {
  constructor(pattern: string, problem: string) {
    super(
      `The event filter ${pattern} cannot be evaluated locally: ${problem}.`,
      "Correct the pattern, or teach local/mappings/event-filter.ts what it uses.",
    );
  }
}

export type EventFilter = (event: unknown) => boolean;

/** The conditions of a pattern on the nodes at its path. Under a list there are several: its elements take its place. */
type Test = (nodes: readonly unknown[]) => boolean;

/**
 * Compiles a pattern of Lambda's event filtering: an object names fields, an array lists alternatives, which are
 * plain values (equality), `{prefix}`, `{suffix}`, `{exists}` or `{"anything-but": [...]}`. Alternatives are asked of
 * values only: an object is none, and `exists` does not see it. Throws FilterNotUnderstoodError.
 */
export function compileFilter(pattern: string): EventFilter {
  try {
    const matches = compileNode(JSON.parse(pattern));
    return (event) => matches([event]);
  } catch (error) {
    throw new FilterNotUnderstoodError(pattern, error instanceof Error ? error.message : String(error));
  }
}

function compileNode(node: unknown): Test {
  if (Array.isArray(node)) {
    const alternatives = node.map(compileAlternative);
    if (alternatives.length === 0) throw new Error("an empty list matches nothing");
    return (nodes) => {
      const values = nodes.filter((value) => !isObject(value));
      return alternatives.some((test) => test(values));
    };
  }
  if (!isObject(node)) throw new Error("values stand in lists");
  const fields = Object.entries(node).map(([name, inner]) => {
    if (name.startsWith("$")) throw new Error(`unknown operator ${name}`);
    return [name, compileNode(inner)] as const;
  });
  if (fields.length === 0) throw new Error("an empty object asks nothing");
  return (nodes) => fields.every(([name, test]) => test(fieldOf(nodes, name)));
}

function compileAlternative(alternative: unknown): Test {
  if (Array.isArray(alternative)) throw new Error("an alternative is no list");
  if (!isObject(alternative)) return (values) => values.includes(alternative);
  const entries = Object.entries(alternative);
  const [operator, operand] = entries[0] ?? [];
  if (entries.length !== 1 || operator === undefined) throw new Error("a rule has one operator");
  switch (operator) {
    case "prefix":
      return textTest(operand, (text, wanted) => text.startsWith(wanted));
    case "suffix":
      return textTest(operand, (text, wanted) => text.endsWith(wanted));
    case "exists":
      if (typeof operand !== "boolean") throw new Error("exists takes true or false");
      return (values) => values.length > 0 === operand;
    case "anything-but": {
      const unwanted = unwantedValues(operand);
      return (values) => values.some((value) => !unwanted.has(value));
    }
    default:
      throw new Error(`unknown operator ${operator}`);
  }
}

function textTest(operand: unknown, holds: (text: string, wanted: string) => boolean): Test {
  if (typeof operand !== "string") throw new Error("prefix and suffix take a string");
  return (values) => values.some((value) => typeof value === "string" && holds(value, operand));
}

function unwantedValues(operand: unknown): Set<unknown> {
  const values = [operand].flat();
  const [type] = new Set(values.map((value) => typeof value));
  if ((type !== "string" && type !== "number") || values.some((value) => typeof value !== type)) {
    throw new Error("anything-but takes strings or numbers");
  }
  return new Set(values);
}

/** The nodes of a field, of all nodes that have it. */
function fieldOf(nodes: readonly unknown[], name: string): unknown[] {
  return nodes.filter(isObject).flatMap((node) => (Object.hasOwn(node, name) ? elementsOf(node[name]) : []));
}

function elementsOf(node: unknown): unknown[] {
  return Array.isArray(node) ? node.flatMap(elementsOf) : [node];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
