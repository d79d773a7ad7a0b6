import type { ConditionCandidate } from "../../../../core/documents/document-search.ts";
import { where } from "../../../../core/search/filter/condition.ts";
import { holds } from "../../../../core/search/filter/holds.ts";

const row: ConditionCandidate = {
  metadata: { image_id: "image", receipt_id: 3, merchant_name: "Café Noir", label_TOTAL: true, x: 0.5 },
  row: { traits: { kinds: new Set(), days: ["2018-03-31"], amounts: [2_882, 100] } },
  head: { title: "CAFE NOIR SDN BHD", day: "2018-03-31", text: "" },
};

function fits(input: unknown, candidate: ConditionCandidate = row): boolean {
  return holds(where.parse(input), candidate);
}

function problems(input: unknown): string[] {
  return (
    where.safeParse(input).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? []
  );
}

test.each([
  [{ merchant_name: "Café Noir" }, true],
  [{ merchant_name: "Cafe Noir" }, false],
  [{ merchant: { contains: "cafe" } }, true],
  [{ receipt_id: { exists: true } }, true],
  [{ receipt_id: { exists: false } }, false],
  [{ place_id: { exists: true } }, false],
  [{ place_id: { exists: false } }, true],
  [{ merchant: { contains: "tea" } }, false],
  [{ merchant: { in: ["Tea House", "Café Noir"] } }, true],
  [{ date: "2018-03-31" }, true],
  [{ date: { gte: "2018-03-01", lt: "2018-04-01" } }, true],
  [{ date: { gt: "2018-03-31" } }, false],
  [{ amount: 28.82 }, true],
  [{ amount: { gte: 20, lte: 30 } }, true],
  [{ amount: { gt: 28.82 } }, false],
  [{ receipt_id: { gte: 3 }, x: { lt: 0.6 } }, true],
  [{ receipt_id: { gte: 3 }, x: { gt: 0.6 } }, false],
  [{ or: [{ receipt_id: 1 }, { merchant: { contains: "noir" } }] }, true],
  [{ and: [{ receipt_id: 3 }, { not: { label_TOTAL: true } }] }, false],
  [{ not: { or: [{ receipt_id: 1 }, { receipt_id: 2 }] } }, true],
  [{ label_status: "VALID" }, false],
  [{ not: { label_status: "VALID" } }, true],
])("the condition %j fits the row: %s", (input, expected) => {
  expect(fits(input)).toBe(expected);
});

test("a row without a date of its own has that of its receipt, and one without a known merchant what is printed first", () => {
  const plain: ConditionCandidate = {
    metadata: {},
    row: { traits: { kinds: new Set(), days: [], amounts: [] } },
    head: { title: "SALTED ANCHOR CAFE", day: "2025-01-22", text: "" },
  };
  expect(fits({ date: { gte: "2025-01-01", lte: "2025-01-31" } }, plain)).toBe(true);
  expect(fits({ merchant: { contains: "salted anchor" } }, plain)).toBe(true);
  expect(fits({ date: "2025-01-22" }, { ...plain, head: undefined })).toBe(false);
});

test("every problem of a tree is reported, with where it is", () => {
  expect(
    problems({
      colour: "red",
      receipt_id: "3",
      date: { gte: "yesterday" },
      merchant: { like: "x", gt: "a" },
      amount: { contains: "2" },
      or: [],
      and: [{ not: 7 }, {}],
    }),
  ).toEqual([
    "colour: no hit has this field",
    "receipt_id: Invalid input: expected number, received string",
    "date.gte: must be a day, YYYY-MM-DD",
    "merchant.like: is not an operator: eq, in, gt, gte, lt, lte, contains, exists",
    "merchant.gt: only dates and numbers have an order",
    "amount.contains: only a text contains another",
    "or: must be a list of conditions",
    "and.0.not: must be an object of fields, or of and, or, not",
    "and.1: is empty",
  ]);
});

test("a tree is bounded in depth and in size before it is used", () => {
  const deep = Array.from({ length: 20 }).reduce<object>((inner) => ({ not: inner }), { receipt_id: 1 });
  expect(problems(deep)).toEqual([expect.stringContaining("nested deeper than 8")]);
  const wide = { or: Array.from({ length: 1_000 }, (_, index) => ({ receipt_id: index })) };
  expect(problems(wide)).toEqual([expect.stringContaining("more than 100 conditions")]);
});

test("keys of every object's own are no fields", () => {
  expect(problems({ constructor: "x" })).toEqual(["constructor: no hit has this field"]);
  expect(problems(JSON.parse('{"__proto__": {"eq": 1}}'))).toEqual(["__proto__: no hit has this field"]);
});
