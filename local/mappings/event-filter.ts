import { VectorkeepError } from "../../core/vectorkeep-error.ts";

/** A filter pattern uses an unsupported feature; ignoring it would drop records. */
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
 * Compiles a pattern of Lambda's event filtering and of EventBridge's rules: an object names fields, an array lists
 * alternatives, which are plain values (equality), `{prefix}`, `{suffix}`, `{"equals-ignore-case"}`, `{numeric}`,
 * `{exists}` or `{"anything-but"}`. Alternatives only apply to values: an object is not one, and `exists` is false for
 * it. Throws FilterNotUnderstoodError.
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
  const [operator, operand] = onlyEntry(alternative);
  switch (operator) {
    case "exists":
      if (typeof operand !== "boolean") throw new Error("exists takes true or false");
      return (values) => values.length > 0 === operand;
    case "numeric": {
      const holds = numericTest(operand);
      return (values) => values.some((value) => typeof value === "number" && holds(value));
    }
    case "anything-but": {
      const unwanted = unwantedTest(operand);
      return (values) => values.some((value) => !unwanted(value));
    }
    default: {
      const holds = textTest(operator, operand);
      return (values) => values.some((value) => typeof value === "string" && holds(value));
    }
  }
}

type TextTest = (text: string) => boolean;

/** The test of `prefix`, `suffix` and `equals-ignore-case`; the first two also accept the third as their operand. */
function textTest(operator: string, operand: unknown): TextTest {
  const ignoresCase = isObject(operand) && operator !== "equals-ignore-case";
  const [nested, value] = ignoresCase ? onlyEntry(operand) : ["", operand];
  if (ignoresCase && nested !== "equals-ignore-case") throw new Error(`${operator} takes no ${nested}`);
  const folded = ignoresCase || operator === "equals-ignore-case";
  const compare = textComparisons[operator];
  if (compare === undefined) throw new Error(`unknown operator ${operator}`);
  if (typeof value !== "string") throw new Error("prefix, suffix and equals-ignore-case take a string");
  return folded ? (text) => compare(text.toLowerCase(), value.toLowerCase()) : (text) => compare(text, value);
}

const textComparisons: Readonly<Record<string, (text: string, wanted: string) => boolean>> = {
  prefix: (text, wanted) => text.startsWith(wanted),
  suffix: (text, wanted) => text.endsWith(wanted),
  "equals-ignore-case": (text, wanted) => text === wanted,
};

const numericComparisons: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  "=": (value, limit) => value === limit,
  "<": (value, limit) => value < limit,
  "<=": (value, limit) => value <= limit,
  ">": (value, limit) => value > limit,
  ">=": (value, limit) => value >= limit,
};

/** One comparison, or a range of two: `[">", 0, "<=", 5]`. */
function numericTest(operand: unknown): (value: number) => boolean {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    throw new Error("numeric takes one or two comparisons");
  }
  const comparisons = operand.flatMap((symbol: unknown, at) => {
    if (at % 2 === 1) return [];
    const limit: unknown = operand[at + 1];
    const compare = numericComparisons[String(symbol)];
    if (compare === undefined || typeof limit !== "number") {
      throw new Error(`numeric does not know ${symbol} ${limit}`);
    }
    return [(value: number) => compare(value, limit)];
  });
  return (value) => comparisons.every((holds) => holds(value));
}

/** The excluded values of `anything-but`: plain values, or texts that match another operator. */
function unwantedTest(operand: unknown): (value: unknown) => boolean {
  if (isObject(operand)) {
    const [operator, wanted] = onlyEntry(operand);
    const tests = [wanted].flat().map((one) => textTest(operator, one));
    if (tests.length === 0) throw new Error("anything-but excludes something");
    return (value) => typeof value === "string" && tests.some((holds) => holds(value));
  }
  const values = [operand].flat();
  const [type] = new Set(values.map((value) => typeof value));
  if ((type !== "string" && type !== "number") || values.some((value) => typeof value !== type)) {
    throw new Error("anything-but takes strings or numbers");
  }
  return (value) => values.includes(value);
}

function onlyEntry(rule: Readonly<Record<string, unknown>>): readonly [string, unknown] {
  const entries = Object.entries(rule);
  const [entry] = entries;
  if (entries.length !== 1 || entry === undefined) throw new Error("a rule has one operator");
  return entry;
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
