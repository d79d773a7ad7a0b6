import fc from "fast-check";
import { isEntityKey, parseEntityKey } from "../../../core/entities/entity-key.ts";
import { image } from "../changes/stream-records.ts";

const partition = `IMAGE#${image}`;
const known: readonly (readonly [string, object])[] = [
  ["RECEIPT#00007#COMPACTION_RUN#r-1", { type: "COMPACTION_RUN", receiptId: 7, runId: "r-1" }],
  ["RECEIPT#00007#METADATA", { type: "RECEIPT_METADATA", receiptId: 7 }],
  ["RECEIPT#00007#PLACE", { type: "RECEIPT_PLACE", receiptId: 7 }],
  [
    "RECEIPT#00007#LINE#00002#WORD#00003#LABEL#TOTAL",
    { type: "RECEIPT_WORD_LABEL", receiptId: 7, lineId: 2, wordId: 3, label: "TOTAL" },
  ],
  ["RECEIPT#123456", { type: "RECEIPT", receiptId: 123456 }],
  ["RECEIPT#00007#LINE#00000", { type: "RECEIPT_LINE", receiptId: 7, lineId: 0 }],
  ["RECEIPT#00007#LINE#00002#WORD#00003", { type: "RECEIPT_WORD", receiptId: 7, lineId: 2, wordId: 3 }],
];

describe("a key of the receipts table", () => {
  test.each(known)("%s is known", (sortKey, expected) => {
    expect(parseEntityKey(partition, sortKey)).toEqual({ imageId: image, ...expected });
  });

  test.each([
    ["TASK#1", "RECEIPT#00007"],
    [partition, "OCR#00007"],
    [partition, "receipt#00007#METADATA"],
    [`image#${image}`, "RECEIPT#00007"],
    ["", ""],
  ])("%s / %s is not a receipt's", (partitionKey, sortKey) => {
    expect(parseEntityKey(partitionKey, sortKey)).toBe("other");
  });

  test.each([
    ["IMAGE#not-a-uuid", "RECEIPT#00007"],
    [partition, "RECEIPT#7"],
    [partition, "RECEIPT#00000"],
    [partition, "RECEIPT#012345"],
    [partition, "RECEIPT#00007#Metadata"],
    [partition, "RECEIPT#00007#METADATA "],
    [partition, "RECEIPT#00007#COMPACTION_RUN#"],
    [partition, "RECEIPT#00007#COMPACTION_RUN#a#b"],
    [partition, "RECEIPT#00007\n"],
    [partition, "RECEIPT#00007#LINE#00002#WORD#00003#LABEL#"],
  ])("%s / %s should be one and matches none", (partitionKey, sortKey) => {
    expect(parseEntityKey(partitionKey, sortKey)).toHaveProperty("unknown");
  });

  test.each([
    "RECEIPT#00007#LINE#00002#WORD#00003#LETTER#00001",
    "RECEIPT#00007#SUMMARY",
    "RECEIPT#00007#SECTION#HEADER",
    "RECEIPT#00007#LINE#00002#WORD#00003#TAG#food",
    "RECEIPT#00007#VALIDATION_RESULT#2026-11-01T10:00:00Z",
    "RECEIPT#00007#ANALYSIS#VALIDATION#CATEGORY#payment_info#RESULT#0",
    "RECEIPT#7#LETTER#1",
    "RECEIPT#00007#LINE#00002#WORD#00003#LABEL#TOTAL#HISTORY#3",
  ])("F27: %s is the application's", (sortKey) => {
    expect(parseEntityKey(partition, sortKey)).toBe("of_others");
  });

  test.each([
    "RECEIPT#00007#METADATA#2",
    "RECEIPT#00007#LABEL#TOTAL",
    "RECEIPT#00007#LINE#00002#WORD",
    "RECEIPT#00007#line#2",
    "RECEIPT#00007#LINE#00002#WORD#00003#LABEL#A#B",
    "RECEIPT#00007##LETTER#1",
    "RECEIPT#00007#LETTER#",
    "RECEIPT#00007#12#LETTER#1",
  ])("F27: %s is ours by name, or of no form at all, and broken", (sortKey) => {
    expect(parseEntityKey(partition, sortKey)).toHaveProperty("unknown");
  });

  test("anything before or after a known key makes it another key", () => {
    const extra = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(fc.constantFrom(...known.slice(1).map(([key]) => key)), extra, (key, tail) => {
        const parsed = parseEntityKey(partition, `${key}!${tail}`);
        const label = typeof parsed === "object" && "label" in parsed ? parsed.label : undefined;
        expect(label === `TOTAL!${tail}` || !isEntityKey(parsed)).toBe(true);
      }),
    );
  });
});
