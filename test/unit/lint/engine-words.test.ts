import { readFileSync } from "node:fs";
import { engineWordIn, excepted, namesKindOfDocument } from "../../../lint/engine-words.ts";

test.each([
  "core/collections/merge/reconcile.ts",
  "core/findable/ask-shard.ts",
  "core/runs/run-item.ts",
  "core/search/snapshot/rank.ts",
  "core/verify/expected.ts",
])("%s may not name a kind of document", (file) => {
  expect(engineWordIn("const key = receiptKey(run);", file)).toBe("receipt");
  expect(engineWordIn("/** The merchant of a document. */", file)).toBe("merchant");
  expect(engineWordIn("const { word_id } = metadata;", file)).toBe("word_id");
  expect(engineWordIn("/** By label, on how many hits it is valid. */", file)).toBe("label");
  expect(engineWordIn("/** What a document's vectors show. */", file)).toBeUndefined();
});

test("what implements the documents, and files with stored names, may", () => {
  for (const file of ["core/receipts/search/receipt-search.ts", "core/collections/generations/manifest.ts"]) {
    expect(engineWordIn("receipts: z.array(ids)", file)).toBeUndefined();
  }
});

test.each(Object.keys(excepted))("the exception of %s is needed", (file) => {
  expect(namesKindOfDocument(readFileSync(file, "utf8"))).toBe(true);
});
