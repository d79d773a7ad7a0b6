import { readFactsItem, readLabelItem } from "../../../core/entities/known-items.ts";
import { knownMetadata } from "../../../core/entities/receipt-facts.ts";

const word = "IMAGE#i#RECEIPT#00001#LINE#00001#WORD#00001";
const labelled = (labels: Record<string, string | undefined>) => ({
  fields: {},
  labels: new Map([[word, new Map(Object.entries(labels))]]),
});
const shown = (labels: Record<string, string | undefined>) => knownMetadata(labelled(labels), "words", word);

describe("what a word shows of its labels", () => {
  test.each([
    ["any is VALID", { A: "PENDING", B: "INVALID", C: "VALID" }, "validated"],
    ["none is VALID and any PENDING", { A: "INVALID", B: "PENDING" }, "auto_suggested"],
    ["none is either", { A: "INVALID", B: "NEEDS_REVIEW", C: undefined }, "unvalidated"],
    ["it has none", {}, "unvalidated"],
  ])("its state, where %s", (_, labels, status) => {
    expect(shown(labels).label_status).toBe(status);
  });

  test("true for VALID, false for INVALID, nothing for all else", () => {
    expect(shown({ A: "VALID", B: "INVALID", C: "PENDING", D: undefined, E: "valid" })).toEqual({
      label_status: "validated",
      label_A: true,
      label_B: false,
    });
  });

  test("other words' labels are not its own, and lines have none", () => {
    const facts = labelled({ A: "VALID" });
    expect(knownMetadata(facts, "words", `${word}0`)).toEqual({ label_status: "unvalidated" });
    expect(knownMetadata(facts, "lines", word)).toEqual({});
  });
});

describe("an item", () => {
  test("says of its merchant what is neither absent, null nor blank", () => {
    const item = { PK: "k", merchant_name: "CAFE", address: " ", place_id: null, total: 12 };
    expect(readFactsItem("RECEIPT_METADATA", item)).toEqual({ value: { merchant_name: "CAFE" } });
  });

  test("F30: an address of the size of an item is truncated for the vector, and reported", () => {
    const read = readFactsItem("RECEIPT_METADATA", { merchant_name: "CAFE", address: "ü".repeat(250_000) });
    expect(read).toEqual({
      value: { merchant_name: "CAFE", address: "ü".repeat(2_048) },
      clipped: ["address: 500000 bytes, truncated to 4096"],
    });
  });

  test("F30: half of a surrogate pair in a name is replaced, as in a row's text", () => {
    expect(readFactsItem("RECEIPT_METADATA", { merchant_name: "CAFE \ud83d" })).toEqual({
      value: { merchant_name: "CAFE \ufffd" },
    });
    expect(readLabelItem({}, "TOTAL\ud83d")).toEqual({ problems: [expect.stringContaining("surrogate")] });
  });

  test("F43: a name of invisible characters says nothing", () => {
    expect(readFactsItem("RECEIPT_METADATA", { merchant_name: "\u200b\u2060", address: "x" })).toEqual({
      value: { address: "x" },
    });
  });

  test("tells every problem at once", () => {
    expect(readFactsItem("RECEIPT_METADATA", { merchant_name: 1, address: ["a"] })).toEqual({
      problems: [expect.stringContaining("merchant_name"), expect.stringContaining("address")],
    });
    expect(readLabelItem({ label: "TAX", validation_status: 1 }, "status")).toEqual({
      problems: [expect.stringContaining("validation_status"), expect.stringContaining("label_status")],
    });
  });

  test("of a label may name it, if its key does so too", () => {
    expect(readLabelItem({ label: "TOTAL", validation_status: "VALID" }, "TOTAL")).toEqual({
      value: "VALID",
    });
    expect(readLabelItem({ label: "TAX" }, "TOTAL")).toEqual({ problems: [expect.stringContaining("TAX")] });
  });
});
