import { type RunContent, runIdOf } from "../../../core/runs/run-id.ts";
import { receipt } from "../receipts/rows-of.ts";

const content: RunContent = {
  ...receipt,
  linesHash: "aa",
  wordsHash: "bb",
  model: "text-embedding-3-small",
  dimensions: 1536,
  textFormat: "receipt-text/1",
};

test("the same content is the same run, always", () => {
  expect(runIdOf({ ...content })).toBe(runIdOf(content));
  expect(runIdOf(content)).toMatch(/^[0-9a-f]{32}$/);
});

test.each<[string, Partial<RunContent>]>([
  ["receipt", { receiptId: 2 }],
  ["lines object", { linesHash: "ab" }],
  ["words object", { wordsHash: "ab" }],
  ["model", { model: "text-embedding-3-large" }],
  ["dimensions", { dimensions: 512 }],
  ["text format", { textFormat: "receipt-text/2" }],
  ["swapped objects", { linesHash: "bb", wordsHash: "aa" }],
])("another %s is another run", (_, change) => {
  expect(runIdOf({ ...content, ...change })).not.toBe(runIdOf(content));
});
