import { hitTable, understoodLine } from "../../../cli/hit-table.ts";
import type { SearchHits } from "../../../cli/search-client.ts";

type Hit = SearchHits["hits"][number];

function hit(text: string, more: Partial<Hit> = {}): Hit {
  return { id: text, image_id: "image", receipt_id: 1, line_id: 2, text, score: 0.5, metadata: {}, ...more };
}

function tableOf(collection: string, ...hits: Hit[]): string[] {
  return hitTable({ collection, generations: { [collection]: 1 }, hits });
}

test("a row is shown whole, with its merchant, its date and what found it", () => {
  const found_by = { cosine: 0.81, coverage: 1, matched: ["kind total"] };
  const row = { text: "TOTAL 28.82", ids: ["a", "b"] };
  expect(
    tableOf("lines", hit("TOTAL", { row, merchant: "ANCHOR CAFE", date: "2025-03-14", found_by })),
  ).toEqual([
    "score  merchant     date        row          found by",
    " 0.50  ANCHOR CAFE  2025-03-14  TOTAL 28.82  kind total, letters 1.00, meaning 0.81",
  ]);
});

test("an approximate hit has its own text and nothing of its row", () => {
  expect(tableOf("lines", hit("TOTAL"))).toEqual(["score  row", " 0.50  TOTAL"]);
});

test("no hit at all is said in words", () => {
  expect(tableOf("words")).toEqual(["Nothing fits."]);
});

test("the merchant that is known comes before the one that the receipt prints, by its canonical name first", () => {
  const known = { merchant_name: "ALDI SUED 4711", canonical_merchant_name: "Aldi" };
  expect(tableOf("lines", hit("a", { metadata: known, merchant: "ALDI SUED" }), hit("b"))).toEqual([
    "score  merchant  row",
    " 0.50  Aldi      a",
    " 0.50            b",
  ]);
});

test("a word is shown by itself, with its valid labels in the order of their names", () => {
  const metadata = { label_status: "validated", label_TOTAL: true, label_DATE: false, label_AMOUNT: true };
  const row = { text: "9.99", ids: ["a"] };
  expect(tableOf("words", hit("9.99", { metadata, row }), hit("EUR"))).toEqual([
    "score  labels         word",
    " 0.50  AMOUNT, TOTAL  9.99",
    " 0.50                 EUR",
  ]);
});

test("what was read out of the question is said in one line", () => {
  const answer = { collection: "lines", generations: {}, hits: [] };
  expect(understoodLine(answer)).toBeUndefined();
  const understood = { kinds: ["total"], dates: ["2025-03-14"], amounts: ["28.82"], merchant: "anchor cafe" };
  expect(understoodLine({ ...answer, understood })).toBe(
    'understood: asks for total, at "anchor cafe", date 2025-03-14, amount 28.82',
  );
});
