import { readLabelItem, readMetadataItem } from "../../../core/entities/known-items.ts";
import { knownMetadata } from "../../../core/entities/receipt-facts.ts";

const word = "IMAGE#i#RECEIPT#00001#LINE#00001#WORD#00001";
const labelled = (labels: Record<string, string | undefined>) => ({
  merchant: {},
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
    expect(readMetadataItem(item)).toEqual({ value: { merchant_name: "CAFE" } });
  });

  test("tells every problem at once", () => {
    expect(readMetadataItem({ merchant_name: 1, address: ["a"] })).toEqual({
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
