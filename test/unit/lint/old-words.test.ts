import { readFileSync } from "node:fs";
import { join } from "node:path";
import { oldWords, oldWordsIn } from "../../../lint/old-words.ts";

const root = join(import.meta.dirname, "../../..");
const anyFile = "core/any.ts";

test.each(oldWords)("$pattern is found in a sentence that has it", ({ pattern, example }) => {
  expect(example).toMatch(pattern);
  expect(oldWordsIn(example, anyFile)).not.toEqual([]);
});

test.each([
  "The backup comes online again after a while.",
  "Tell the caller why the request failed.",
  "Newly created items are embedded once.",
  "The handler hands the batch to the queue.",
  "An impatient client disconnects; the outpatient clinic does not.",
  "By the way, the worker is on the way to the next shard.",
  "As many messages as fit; many of them are redelivered.",
  "Most messages take almost no time: almostDone, mostly idle, the largest shard.",
  "maxBytesPerRequest, firstCall, dataPage, aMinuteAgo",
  "We recommend an amended policy; the recommended value is the default.",
  "The outfit fits; the benefit is small.",
  "It shows the other half, what is left and what was published.",
  "The run counts its vectors, and no more are added.",
  "array.slice(0, 10), one slice per turn",
  "Drive the test again with the same seed? No: run it again.",
  "Yes or Nova: names of models",
])("ordinary English is spared: %s", (line) => {
  expect(oldWordsIn(line, anyFile)).toEqual([]);
});

test("an exception spares its files only", () => {
  const line = "thank you, please come again";
  expect(oldWordsIn(line, "test/flows/scanned-receipts.test.ts")).toEqual([]);
  expect(oldWordsIn(line, anyFile)).toHaveLength(1);
});

test("one line can have several old words, each with its replacement", () => {
  expect(oldWordsIn("Whoever asks is answered in silence.", anyFile).map(({ found }) => found)).toEqual([
    "Whoever",
    "in silence",
  ]);
});

test("the glossary that the lint names has none of them", () => {
  const page = readFileSync(join(root, "docs/glossary.md"), "utf8").split("\n");
  expect(page.flatMap((line) => oldWordsIn(line, "docs/glossary.md"))).toEqual([]);
});
