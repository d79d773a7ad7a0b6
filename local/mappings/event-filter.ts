import { Failure } from "../../core/failure.ts";

/** A filter pattern uses what this implementation does not have; guessing would drop records. */
export class FilterNotUnderstood extends Failure {
  constructor(pattern: string, problem: string) {
    super(
      `The event filter ${pattern} cannot be evaluated locally: ${problem}.`,
      "Correct the pattern, or teach local/mappings/event-filter.ts what it uses.",
    );
  }
}

export type EventFilter = (event: unknown) => boolean;
type Test = (value: unknown) => boolean;

const absent = Symbol("absent");

/**
 * Compiles a pattern of Lambda's event filtering: an object names fields, an array lists alternatives, which are
 * plain values (equality), `{prefix}`, `{suffix}`, `{exists}` or `{"anything-but": [...]}`. Throws FilterNotUnderstood.
 */
export function compileFilter(pattern: string): EventFilter {
  try {
    return compileNode(JSON.parse(pattern));
  } catch (error) {
    throw new FilterNotUnderstood(pattern, error instanceof Error ? error.message : String(error));
  }
}

function compileNode(node: unknown): Test {
  if (Array.isArray(node)) {
    const alternatives = node.map(compileAlternative);
    if (alternatives.length === 0) throw new Error("an empty list matches nothing");
    return (value) => alternatives.some((test) => test(value));
  }
  if (!isObject(node)) throw new Error("values stand in lists");
  const fields = Object.entries(node).map(([name, inner]) => {
    if (name.startsWith("$")) throw new Error(`unknown operator ${name}`);
    return [name, compileNode(inner)] as const;
  });
  return (value) =>
    fields.every(([name, test]) =>
      test(isObject(value) && Object.hasOwn(value, name) ? value[name] : absent),
    );
}

function compileAlternative(alternative: unknown): Test {
  if (!isObject(alternative)) return (value) => value === alternative;
  const entries = Object.entries(alternative);
  const [operator, operand] = entries[0] ?? [];
  if (entries.length !== 1 || operator === undefined) throw new Error("a rule has one operator");
  switch (operator) {
    case "prefix":
      return textTest(operand, (text, wanted) => text.startsWith(wanted));
    case "suffix":
      return textTest(operand, (text, wanted) => text.endsWith(wanted));
    case "exists":
      return (value) => (value !== absent) === operand;
    case "anything-but": {
      const unwanted = new Set([operand].flat());
      return (value) => value !== absent && !unwanted.has(value);
    }
    default:
      throw new Error(`unknown operator ${operator}`);
  }
}

function textTest(operand: unknown, holds: (text: string, wanted: string) => boolean): Test {
  if (typeof operand !== "string") throw new Error("prefix and suffix take a string");
  return (value) => typeof value === "string" && holds(value, operand);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
