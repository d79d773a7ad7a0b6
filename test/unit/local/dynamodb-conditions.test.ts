import { meets } from "../../../local/services/dynamodb/expressions/judge.ts";
import { Placeholders } from "../../../local/services/dynamodb/expressions/placeholders.ts";
import { readCondition } from "../../../local/services/dynamodb/expressions/read-condition.ts";
import { type Item, readItem } from "../../../local/services/dynamodb/values/attribute-value.ts";

const item = readItem({
  s: { S: "abc" },
  t: { S: "abc" },
  n: { N: "12345678901234567890123456789012345678" },
  one: { N: "1.0" },
  b: { B: "YWJj" },
  yes: { BOOL: true },
  nothing: { NULL: true },
  ss: { SS: ["b", "a"] },
  ns: { NS: ["2", "1.0"] },
  l: { L: [{ S: "x" }, { M: { deep: { L: [{ N: "7" }] } } }] },
  m: { M: { inner: { S: "i" }, "dotted.name": { N: "1" } } },
  ["__proto__"]: { S: "own" },
});

const values: Readonly<Record<string, Record<string, unknown>>> = {
  ":abc": { S: "abc" },
  ":b": { S: "b" },
  ":a": { S: "a" },
  ":z": { S: "z" },
  ":x": { S: "x" },
  ":n": { N: "12345678901234567890123456789012345678" },
  ":n1": { N: "12345678901234567890123456789012345679" },
  ":one": { N: "1" },
  ":two": { N: "2" },
  ":three": { N: "3" },
  ":seven": { N: "7.00" },
  ":true": { BOOL: true },
  ":ss": { SS: ["a", "b"] },
  ":list": { L: [{ S: "x" }, { M: { deep: { L: [{ N: "7" }] } } }] },
  ":map": { M: { "dotted.name": { N: "1" }, inner: { S: "i" } } },
  ":element": { M: { deep: { L: [{ N: "7" }] } } },
  ":bytes": { B: "YWI=" },
  ":typeS": { S: "S" },
};
const names: Readonly<Record<string, string>> = {
  "#p": "__proto__",
  "#d": "dotted.name",
  "#name": "name",
  "#c": "constructor",
};

function judge(text: string, of: Item = item): boolean {
  const used = (all: Readonly<Record<string, unknown>>) => {
    const found = Object.entries(all).filter(([name]) => new RegExp(`${name}(?![A-Za-z0-9_])`).test(text));
    return found.length === 0 ? undefined : Object.fromEntries(found);
  };
  const placeholders = new Placeholders(used(names), used(values));
  const condition = readCondition("ConditionExpression", text, placeholders);
  placeholders.requireAllUsed();
  return meets(of, condition);
}

describe("a condition of DynamoDB", () => {
  test.each([
    // Lists, maps and sets are equal by value; the order of a set and of a map does not count.
    "l = :list",
    "m = :map",
    "ss = :ss",
    "s = t",
    "one = :one",
    "l[1] = :element",
    "NOT l = m",
    // Nested paths, list indexes, names with dots, and names of JavaScript's own.
    "l[1].deep[0] = :seven",
    "m.#d = :one",
    "#p = :abc OR attribute_exists(#p)",
    // What is absent equals nothing and has no order; only <> is true of it.
    "NOT gone = :abc",
    "NOT gone = absent",
    "gone <> :abc",
    "gone <> absent",
    "NOT gone < :one",
    "NOT gone >= :one",
    "NOT gone IN (:abc, :b)",
    "NOT s IN (gone, absent)",
    "s IN (gone, :abc)",
    "NOT gone BETWEEN :a AND :z",
    "NOT s BETWEEN gone AND :z",
    "NOT contains(gone, :a)",
    "NOT begins_with(s, gone)",
    "NOT size(gone) = :one",
    "NOT attribute_type(gone, :typeS)",
    "attribute_not_exists(l[7])",
    "attribute_not_exists(s.deep)",
    "attribute_not_exists(#c)",
    // NULL is a value that exists.
    "attribute_exists(nothing)",
    // 38 digits count.
    "n = :n",
    "n < :n1",
    "NOT n = :n1",
    "n BETWEEN :n AND :n1",
    // Different types have no order and are not equal.
    "NOT s = :one",
    "s <> :one",
    "NOT s < :one",
    "NOT s > :one",
    // Functions.
    "contains(s, :b)",
    "contains(ss, :a)",
    "NOT contains(ss, :x)",
    "contains(ns, :one)",
    "contains(l, :x)",
    "contains(l, :element)",
    "begins_with(b, :bytes)",
    "attribute_type(s, :typeS)",
    "size(s) = :three",
    "size(l) = :two",
    "size(m) = :two",
    "size(b) = :three",
    "NOT size(one) = :one",
    "(size(ss)) < :three",
    // AND binds closer than OR, NOT closest; keywords are written in any case.
    "s = :abc or s = :b and s = :z",
    "NOT s = :z AND s = :abc",
    "not (s = :z or s = :b)",
    "yes = :true",
  ])("holds: %s", (text) => {
    expect(judge(text)).toBe(true);
  });

  test("of an item that does not exist finds every attribute absent", () => {
    expect(judge("attribute_not_exists(s)", {})).toBe(true);
    expect(judge("s = t", {})).toBe(false);
  });

  test.each([
    ["s = ", /Syntax error; token: "<EOF>", near: "="/],
    ["s == :abc", /Syntax error; token: "="/],
    ["name = :abc", /Attribute name is a reserved keyword; reserved keyword: name/],
    ["s = :undefined", /attribute value used in expression is not defined; attribute value: :undefined/],
    [
      "#undefined = :abc",
      /attribute name used in the document path is not defined; attribute name: #undefined/,
    ],
    ["((s = :abc))", /redundant parentheses/],
    ["s = s", /The first operand must be distinct .* operator: =, first operand: \[s\]/],
    [
      "s < :true",
      /Incorrect operand type for operator or function; operator or function: <, operand type: BOOL/,
    ],
    ["begins_with(s, :one)", /operator or function: begins_with, operand type: N/],
    ["attribute_exists(:abc)", /requires a document path; operator or function: attribute_exists/],
    ["attribute_type(s, :abc)", /Invalid attribute type name found; type: abc/],
    ["size(s)", /not allowed to be used this way in an expression; function: size/],
    ["Contains(s, :a)", /Invalid function name; function: Contains/],
    ["contains(s)", /Incorrect number of operands .* contains, number of operands: 1/],
    ["s BETWEEN :z AND :a", /requires upper bound to be greater than or equal to lower bound/],
    ["s BETWEEN :a AND :one", /requires same data type for lower and upper bounds/],
    ["s", /Syntax error/],
    ["", /can not be empty/],
    [`s IN (${Array.from({ length: 301 }, () => ":a").join(",")})`, /number of operands: 301/],
    [
      Array.from({ length: 151 }, () => "s = :a").join(" OR "),
      /contains too many operators; operator count: 301/,
    ],
    [
      `s = :a${" ".repeat(4096)}`,
      /Expression size has exceeded the maximum allowed size; expression size: 4102/,
    ],
  ])("that AWS refuses is refused in AWS's words: %s", (text, message) => {
    expect(() => judge(text)).toThrow(message);
    expect(() => judge(text)).toThrow(/^Invalid ConditionExpression: /);
  });

  test("is refused where it leaves a placeholder unused", () => {
    const unused = new Placeholders({ "#x": "x" }, undefined);
    expect(() => unused.requireAllUsed()).toThrow(
      "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}",
    );
  });

  // F31: a grammar that goes back took 13 s for seven of these.
  test("F31: nested as deeply as the size allows is read once, and judged once", () => {
    const deep = (depth: number) => `${"(s = :z OR ".repeat(depth)}s = :abc${")".repeat(depth)}`;
    expect(judge(deep(7))).toBe(true);
    expect(judge(deep(140))).toBe(true);
    const parentheses = `${"(".repeat(2_000)}s = :abc${")".repeat(2_000)}`;
    expect(() => judge(parentheses)).toThrow(/redundant parentheses/);
  });
});
