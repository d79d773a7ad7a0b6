import fc from "fast-check";
import { searchRequest } from "../../../core/search/search-request.ts";

const schema = searchRequest(3);

function problems(body: unknown): string[] {
  return schema.safeParse(body).error?.issues.map(({ path }) => path.join(".")) ?? [];
}

test("a text alone asks for the five nearest lines", () => {
  expect(schema.parse({ text: " total " })).toEqual({ collection: "lines", text: "total", k: 5, filter: {} });
});

test("every problem is reported at once", () => {
  const body = { collection: "pages", k: 0, filter: { receipt_id: "1", colour: "red" }, vector: [1, 2] };
  expect(problems(body).sort()).toEqual(["collection", "filter.colour", "filter.receipt_id", "k", "vector"]);
});

test("text and vector exclude each other, and one of them is needed", () => {
  expect(problems({})).toEqual(["text"]);
  expect(problems({ text: "total", vector: [1, 2, 3] })).toEqual(["text"]);
  expect(problems({ vector: [1, 2, 3] })).toEqual([]);
  expect(problems({ vector: [0, 0, 0] })).toEqual(["vector"]);
});

test("a filter value must have the type of its key", () => {
  expect(
    problems({ text: "a", filter: { receipt_id: 1, merchant_name: "Café", label_TOTAL: true } }),
  ).toEqual([]);
  expect(problems({ text: "a", filter: { merchant_name: 1 } })).toEqual(["filter.merchant_name"]);
  expect(problems({ text: "a", filter: { label_TOTAL: "VALID" } })).toEqual(["filter.label_TOTAL"]);
  expect(problems({ text: "a", filter: { word_id: 1 } })).toEqual(["filter.word_id"]);
  expect(problems({ text: "a", collection: "words", filter: { word_id: 1 } })).toEqual([]);
});

test("whatever JSON comes in, it is accepted in bounds or refused with a path, never thrown", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (text, k, filter) => {
      const parsed = schema.safeParse({ text, k, filter });
      if (!parsed.success) return parsed.error.issues.every(({ path }) => path.length > 0);
      return parsed.data.k >= 1 && parsed.data.k <= 100 && parsed.data.text !== "";
    }),
  );
});
