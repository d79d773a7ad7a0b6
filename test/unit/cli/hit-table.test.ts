import { hitTable, type SearchHits } from "../../../cli/search-client.ts";

type Hit = SearchHits["hits"][number];

function hit(text: string, metadata: Hit["metadata"] = {}, word_id?: number): Hit {
  const place = { image_id: "image", receipt_id: 1, line_id: 2, ...(word_id !== undefined && { word_id }) };
  return { id: text, ...place, text, score: 0.5, metadata };
}

function tableOf(collection: string, ...hits: Hit[]): string[] {
  return hitTable({ collection, generations: { [collection]: 1 }, hits });
}

test("hits of which no merchant and no valid label is known are shown by place and text", () => {
  expect(tableOf("lines", hit("TOTAL"))).toEqual([
    "score  image  receipt  line  text",
    "0.500  image        1     2  TOTAL",
  ]);
  expect(tableOf("words", hit("TOTAL", { label_DATE: false, label_status: "unvalidated" }, 3))).toEqual([
    "score  image  receipt  line  word  text",
    "0.500  image        1     2     3  TOTAL",
  ]);
  expect(tableOf("words")).toEqual(["score  image  receipt  line  word  text"]);
});

test("the merchant is shown where any hit has one, by its canonical name before the other", () => {
  const merchants = [
    hit("a", { merchant_name: "ALDI SUED 4711" }),
    hit("b"),
    hit("c", { merchant_name: "ALDI SUED 4711", canonical_merchant_name: "Aldi" }),
  ];
  expect(tableOf("lines", ...merchants)).toEqual([
    "score  image  receipt  line  merchant        text",
    "0.500  image        1     2  ALDI SUED 4711  a",
    "0.500  image        1     2                  b",
    "0.500  image        1     2  Aldi            c",
  ]);
});

test("a word is shown with its valid labels in the order of their names", () => {
  const labelled = { label_status: "validated", label_TOTAL: true, label_DATE: false, label_AMOUNT: true };
  expect(tableOf("words", hit("9.99", { ...labelled, merchant_name: "Aldi" }, 3), hit("EUR", {}, 4))).toEqual(
    [
      "score  image  receipt  line  word  merchant  labels         text",
      "0.500  image        1     2     3  Aldi      AMOUNT, TOTAL  9.99",
      "0.500  image        1     2     4                           EUR",
    ],
  );
});
