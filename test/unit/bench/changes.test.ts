import { cycleTotals } from "../../../bench/changes/cycle-log.ts";
import { labelChanges } from "../../../bench/changes/label-changes.ts";
import { changesOptions } from "../../../bench/changes/options.ts";
import { expectedWords } from "../../../bench/changes/published-words.ts";
import { recordsPerBatch, streamBatches } from "../../../bench/changes/stream-records.ts";
import { wordReceipts, wordsPerReceipt } from "../../../bench/changes/word-receipts.ts";
import { sortRecords } from "../../../core/changes/sort-records.ts";
import { whole } from "../../../core/changes/watched.ts";
import { parseEntityKey } from "../../../core/entities/entity-key.ts";
import { readLabelItem } from "../../../core/entities/known-items.ts";
import { knownMetadata } from "../../../core/entities/receipt-facts.ts";
import { planWords } from "../../../core/receipts/planned-vectors.ts";
import { receiptOfVector } from "../../../core/receipts/receipt.ts";

describe("the receipts whose labels change", () => {
  const receipts = wordReceipts(3);

  it("have twenty words each, all of them with a text of their own and a vector, the same every time", () => {
    for (const { lines, words } of receipts) {
      expect(words.length).toBe(wordsPerReceipt);
      expect(planWords(words).length).toBe(wordsPerReceipt);
      expect(lines.map(({ text }) => text)).toEqual(
        lines.map(({ line_id }) =>
          words.flatMap((word) => (word.line_id === line_id ? word.text : [])).join(" "),
        ),
      );
    }
    expect(new Set(receipts.flatMap(({ words }) => words.map(({ text }) => text))).size).toBe(60);
    expect(wordReceipts(3)).toEqual(receipts);
  });

  it("have places that survive every rounding to a float and back", () => {
    const numbers = receipts
      .flatMap(({ words }) => planWords(words))
      .flatMap(({ metadata: { x, y } }) => [x, y]);
    expect(numbers.map(Math.fround)).toEqual(numbers);
  });
});

describe("the label changes", () => {
  const receipts = wordReceipts(4);
  const changes = labelChanges(receipts, 4 * wordsPerReceipt);

  it("are one a word, of another receipt each time", () => {
    expect(new Set(changes.map(({ vectorId }) => vectorId)).size).toBe(80);
    const inTurn = changes.slice(0, 8).map(({ vectorId }) => receiptOfVector(vectorId));
    expect(new Set(inTurn).size).toBe(4);
    expect(inTurn.slice(4)).toEqual(inTurn.slice(0, 4));
  });

  it("are items that the product reads, and shows as the benchmark expects", () => {
    for (const { item, vectorId, shows } of changes) {
      expect(parseEntityKey(item.PK, item.SK)).toMatchObject({
        type: "RECEIPT_WORD_LABEL",
        label: item.label,
      });
      expect(readLabelItem(item, item.label)).toEqual({ value: item.validation_status });
      const labels = new Map([[vectorId, new Map([[item.label, item.validation_status]])]]);
      expect(knownMetadata({ fields: {}, labels }, "words", vectorId)).toEqual(shows);
    }
  });

  it("leave the words without one unvalidated", () => {
    const [first] = changes;
    const expected = expectedWords(receipts, changes.slice(0, 1));
    expect(expected.size).toBe(80);
    const changed = [...expected].filter(([, metadata]) => metadata.label_status !== "unvalidated");
    expect(changed.map(([id, { label_status }]) => [id, label_status])).toEqual([
      [first?.vectorId, "validated"],
    ]);
  });
});

describe("the stream records", () => {
  it("are batches of a hundred that differ, none malformed, some skipped", () => {
    const batches = streamBatches(2);
    for (const batch of batches) {
      expect(batch.length).toBe(recordsPerBatch);
      const { boxes, relevant, skipped, malformed } = sortRecords(batch, whole);
      expect({ relevant, skipped, malformed }).toEqual({ relevant: 70, skipped: 30, malformed: [] });
      expect([boxes.lines.messages.length, boxes.words.messages.length]).toEqual([15, 70]);
    }
    expect(batches[0]).not.toEqual(batches[1]);
  });
});

describe("the options of npm run bench:changes", () => {
  it("are those of the issue by default", () => {
    expect(changesOptions([])).toEqual({ help: false, changes: 10_000, receipts: 500 });
  });

  it("refuse more changes than there are words, and what is no option", () => {
    expect(() => changesOptions(["--receipts", "2", "--changes", "41"])).toThrow("2 receipts have 40 words");
    expect(() => changesOptions(["--records", "2"])).toThrow("npm run bench:changes -- --help");
  });
});

describe("the log of compaction", () => {
  const line = (request: string, second: number, said: object) =>
    JSON.stringify({ timestamp: `2026-01-01T00:00:0${second}.000Z`, function_request_id: request, ...said });
  const step = (name: string) => ({ message: "Cycle step", step: name });

  it("has the cycles, their messages and their time by step", () => {
    const { cycles, generations, messages, seconds } = cycleTotals([
      line("a", 0, step("lease")),
      line("a", 1, step("drain")),
      line("b", 1, step("lease")),
      line("a", 3, step("apply")),
      line("a", 4, { message: "Generation published" }),
      line("a", 4, step("release")),
      line("b", 5, { message: "Cycle ended", done: 0 }),
      line("a", 5, { message: "Cycle ended", done: 30 }),
      line("c", 6, step("drain")),
      line("c", 8, { message: "Cycle ended", done: 20 }),
    ]);
    expect({ cycles, generations, messages }).toEqual({ cycles: 2, generations: 1, messages: 50 });
    expect(Object.fromEntries(seconds)).toEqual({ drain: 4, apply: 1, release: 1 });
  });
});
