import fc from "fast-check";
import { searchRequest } from "../../../core/search/search-request.ts";

const schema = searchRequest(3);

function problems(body: unknown): string[] {
  return schema.safeParse(body).error?.issues.map(({ path }) => path.join(".")) ?? [];
}

test("a text alone asks for the five nearest lines", () => {
  expect(schema.parse({ text: " total " })).toEqual({
    collection: "lines",
    text: "total",
    k: 5,
    filter: {},
    mode: "hybrid",
    group: "row",
    understand: true,
  });
});

test("every problem is reported at once", () => {
  const body = {
    collection: "pages",
    k: 0,
    filter: { receipt_id: "1", colour: "red" },
    vector: [1, 2],
    merchant: "",
    label: 7,
  };
  const fields = ["collection", "filter.colour", "filter.receipt_id", "k", "label", "merchant", "vector"];
  expect(problems(body).sort()).toEqual(fields);
});

test("what does not fit together is reported beside fields that do not fit", () => {
  const body = { collection: "lines", k: "5", label: "TOTAL", merchant: 1, filter: { word_id: 1 } };
  expect(problems(body).sort()).toEqual(["filter.word_id", "k", "label", "merchant", "text"]);
});

test("text and vector exclude each other, and one of them is needed", () => {
  expect(problems({})).toEqual(["text"]);
  expect(problems({ text: "total", vector: [1, 2, 3] })).toEqual(["text"]);
  expect(problems({ vector: [1, 2, 3] })).toEqual([]);
  expect(problems({ vector: [0, 0, 0] })).toEqual(["vector"]);
});

test("a filter value must have the type of its key", () => {
  expect(
    problems({
      text: "a",
      collection: "words",
      filter: { receipt_id: 1, merchant_name: "Café", label_TOTAL: true },
    }),
  ).toEqual([]);
  expect(problems({ text: "a", filter: { merchant_name: 1 } })).toEqual(["filter.merchant_name"]);
  expect(problems({ text: "a", collection: "words", filter: { label_TOTAL: "VALID" } })).toEqual([
    "filter.label_TOTAL",
  ]);
});

test("a label selects words, and lines have no filter on words", () => {
  expect(schema.parse({ text: "a", label: "TOTAL" })).toMatchObject({ collection: "words", label: "TOTAL" });
  expect(problems({ text: "a", label: "TOTAL", filter: { word_id: 1, label_DATE: false } })).toEqual([]);
  expect(problems({ text: "a", collection: "lines", label: "TOTAL" })).toEqual(["label"]);
  const ofWords = { word_id: 1, label_DATE: false, label_status: "validated" };
  expect(problems({ text: "a", filter: ofWords })).toEqual(
    Object.keys(ofWords).map((key) => `filter.${key}`),
  );
});

test("a merchant filters lines and words, by a stored name", () => {
  const merchant = " Café & Söhne ";
  expect(schema.parse({ text: "a", merchant })).toMatchObject({ collection: "lines", merchant });
  expect(problems({ text: "a", collection: "words", merchant })).toEqual([]);
});

test("a label cannot have the name whose key is the state of all labels", () => {
  const [issue] = schema.safeParse({ text: "a", label: "status" }).error?.issues ?? [];
  expect(issue).toMatchObject({
    path: ["label"],
    message: expect.stringMatching(/named status: label_status/),
  });
  expect(problems({ text: "a", label: "STATUS" })).toEqual([]);
});

test("whatever JSON comes in, it is accepted in bounds or refused with a path, never thrown", () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { minLength: 5, maxLength: 5 }),
      ([text, k, filter, merchant, label]) => {
        const parsed = schema.safeParse({ text, k, filter, merchant, label });
        if (!parsed.success) return parsed.error.issues.every(({ path }) => path.length > 0);
        return parsed.data.k >= 1 && parsed.data.k <= 100 && parsed.data.text !== "";
      },
    ),
  );
});
