import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { meets } from "../../../local/services/dynamodb/expressions/judge.ts";
import { Placeholders } from "../../../local/services/dynamodb/expressions/placeholders.ts";
import { readCondition } from "../../../local/services/dynamodb/expressions/read-condition.ts";
import { readItem } from "../../../local/services/dynamodb/values/attribute-value.ts";

/**
 * A model of DynamoDB's conditions over plain values, that shares nothing with the evaluator: a condition is written out as
 * text for the one, and is a function for the other.
 */
type Plain = number | string | boolean | null | Plain[] | { [name: string]: Plain } | Set<string>;
type Attributes = Record<string, Plain>;
interface Modelled {
  readonly text: string;
  readonly values: Record<string, unknown>;
  holds(item: Attributes): boolean;
}

function wire(value: Plain): Record<string, unknown> {
  if (value === null) return { NULL: true };
  if (typeof value === "number") return { N: String(value) };
  if (typeof value === "string") return { S: value };
  if (typeof value === "boolean") return { BOOL: value };
  if (value instanceof Set) return { SS: [...value] };
  if (Array.isArray(value)) return { L: value.map(wire) };
  return { M: Object.fromEntries(Object.entries(value).map(([name, part]) => [name, wire(part)])) };
}

function kindOf(value: Plain): string {
  if (value === null) return "null";
  if (value instanceof Set) return "set";
  return Array.isArray(value) ? "list" : typeof value;
}

const text = fc.constantFrom("a", "b", "ab", "\u{1F600}", "\uFFFD");
const plain = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.integer({ min: -2, max: 2 }),
    text,
    fc.boolean(),
    fc.constant(null),
    fc.uniqueArray(text, { minLength: 1, maxLength: 3 }).map((members) => new Set(members)),
    fc.array(tie("value"), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom("x", "y"), tie("value"), { maxKeys: 2, noNullPrototype: true }),
  ),
})).value;
const attribute = fc.constantFrom("a1", "a2", "a3");
const item = fc.dictionary(attribute, plain, { maxKeys: 3, noNullPrototype: true });

let placeholders = 0;
function given(value: Plain): { text: string; values: Record<string, unknown> } {
  placeholders += 1;
  const name = `:v${placeholders}`;
  return { text: name, values: { [name]: wire(value) } };
}

const comparison = fc
  .record({ name: attribute, value: plain, comparator: fc.constantFrom("=", "<>", "<", "<=", ">", ">=") })
  .filter(
    ({ value, comparator }) =>
      comparator === "=" || comparator === "<>" || ["number", "string"].includes(kindOf(value)),
  )
  .map(({ name, value, comparator }): Modelled => {
    const { text: placeholder, values } = given(value);
    return {
      text: `${name} ${comparator} ${placeholder}`,
      values,
      holds(attributes) {
        const found = attributes[name];
        const equal = found !== undefined && isDeepStrictEqual(found, value);
        if (comparator === "=") return equal;
        if (comparator === "<>") return !equal;
        if (found === undefined || kindOf(found) !== kindOf(value)) return false;
        const order = equal ? 0 : isBefore(found, value) ? -1 : 1;
        return { "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0 }[comparator] ?? false;
      },
    };
  });

function isBefore(a: Plain, b: Plain): boolean {
  if (typeof a === "number" && typeof b === "number") return a < b;
  return Buffer.from(String(a)).compare(Buffer.from(String(b))) < 0;
}

const membership = fc
  .record({ name: attribute, among: fc.array(plain, { minLength: 1, maxLength: 3 }) })
  .map(({ name, among }): Modelled => {
    const candidates = among.map(given);
    return {
      text: `${name} IN (${candidates.map((candidate) => candidate.text).join(", ")})`,
      values: Object.assign({}, ...candidates.map(({ values }) => values)),
      holds: (attributes) =>
        attributes[name] !== undefined && among.some((each) => isDeepStrictEqual(attributes[name], each)),
    };
  });

const contained = fc.record({ name: attribute, part: plain }).map(({ name, part }): Modelled => {
  const { text: placeholder, values } = given(part);
  return {
    text: `contains(${name}, ${placeholder})`,
    values,
    holds(attributes) {
      const found = attributes[name];
      if (typeof found === "string") return typeof part === "string" && found.includes(part);
      if (found instanceof Set) return typeof part === "string" && found.has(part);
      return Array.isArray(found) && found.some((element) => isDeepStrictEqual(element, part));
    },
  };
});

const existence = fc.record({ name: attribute, exists: fc.boolean() }).map(
  ({ name, exists }): Modelled => ({
    text: `${exists ? "attribute_exists" : "attribute_not_exists"}(${name})`,
    values: {},
    holds: (attributes) => (attributes[name] !== undefined) === exists,
  }),
);

const twoAttributes = fc.constant<Modelled>({
  text: "a1 = a2",
  values: {},
  holds: ({ a1, a2 }) => a1 !== undefined && a2 !== undefined && isDeepStrictEqual(a1, a2),
});

const condition = fc.letrec<{ condition: Modelled }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    comparison,
    membership,
    contained,
    existence,
    twoAttributes,
    tie("condition").map(
      (part): Modelled => ({
        text: `NOT ${part.text.includes(" ") ? `(${part.text})` : part.text}`,
        values: part.values,
        holds: (attributes) => !part.holds(attributes),
      }),
    ),
    fc.tuple(tie("condition"), tie("condition"), fc.constantFrom("AND", "OR")).map(
      ([left, right, operator]): Modelled => ({
        text: `(${left.text}) ${operator} (${right.text})`,
        values: { ...left.values, ...right.values },
        holds: (attributes) =>
          operator === "AND"
            ? left.holds(attributes) && right.holds(attributes)
            : left.holds(attributes) || right.holds(attributes),
      }),
    ),
  ),
})).condition;

test("conditions hold of the items that an independent model says", () => {
  fc.assert(
    fc.property(
      condition,
      fc.array(item, { minLength: 1, maxLength: 5 }),
      ({ text, values, holds }, items) => {
        const placeholders = new Placeholders(
          undefined,
          Object.keys(values).length === 0 ? undefined : values,
        );
        const read = readCondition("ConditionExpression", text, placeholders);
        for (const attributes of items) {
          const onWire = Object.fromEntries(
            Object.entries(attributes).map(([name, value]) => [name, wire(value)]),
          );
          expect(meets(readItem(onWire), read)).toBe(holds(attributes));
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
