import fc from "fast-check";
import { planLines, planWords } from "../../../core/receipts/planned-vectors.ts";
import { metadataType } from "../../../core/receipts/vector-metadata.ts";
import { image, line, word } from "./rows-of.ts";

const box = { x: 0.25, y: 0.5, width: 0.125, height: 0.25 };

test("a line's vector has its id, its bare text as document, its place as metadata and its row as text", () => {
  expect(planLines([line(7, "TOTAL", box)], [])).toEqual([
    {
      id: `IMAGE#${image}#RECEIPT#00001#LINE#00007`,
      document: "TOTAL",
      text: "TOTAL",
      metadata: {
        image_id: image,
        receipt_id: 1,
        line_id: 7,
        row: 0,
        column: 0,
        text: "TOTAL",
        x: 0.3125,
        y: 0.625,
        width: 0.125,
        height: 0.25,
        confidence: 0.9,
      },
      parts: expect.any(Function),
      row: expect.objectContaining({ line_id: 7 }),
    },
  ]);
});

test("a word's vector adds the word to the id and to the metadata", () => {
  const [planned] = planWords([word(7, 3, "TOTAL", box)]);
  expect(planned).toMatchObject({
    id: `IMAGE#${image}#RECEIPT#00001#LINE#00007#WORD#00003`,
    metadata: { line_id: 7, word_id: 3 },
  });
});

test("what OCR extracted of a word is in the metadata of the word and of its line, normalised", () => {
  const of = (wordId: number, extracted_data: unknown) => word(7, wordId, "a", box, { extracted_data });
  const words = [of(1, null), of(2, { type: "phone", value: "+1 (555) 123-4567" }), word(8, 1, "b", box)];
  const facts = { normalized_phone_10: "5551234567" };
  const [first, second, other] = planWords(words).map(({ metadata }) => metadata);
  expect(second).toMatchObject(facts);
  for (const metadata of [first, other]) expect(metadata).not.toHaveProperty("normalized_phone_10");
  const lines = planLines([line(7, "a a", box), line(8, "b", box)], words);
  expect(lines[0]?.metadata).toMatchObject(facts);
  expect(lines[1]?.metadata).not.toHaveProperty("normalized_phone_10");
  expect(metadataType("normalized_phone_10")).toBe("str");
});

test("F43: noise, blank text and text of invisible characters get no vector", () => {
  const lines = [
    line(1, "~", box, { is_noise: true }),
    line(2, " \t", box),
    line(3, "", box),
    line(5, "\u200b\u200d\ufeff", box),
    line(4, "KEPT", box),
  ];
  expect(planLines(lines, []).map((planned) => planned.document)).toEqual(["KEPT"]);
});

test("vectors stand by number, whatever the order of the rows", () => {
  const words = [word(1, 1, "a", box), word(1, 2, "b", box), word(2, 1, "c", box), word(10, 1, "d", box)];
  fc.assert(
    fc.property(fc.shuffledSubarray(words, { minLength: words.length }), (shuffled) => {
      expect(planWords(shuffled).map((planned) => planned.document)).toEqual(["a", "b", "c", "d"]);
    }),
  );
});

test("every metadata key that embedding writes has a fixed type (F17)", () => {
  const [planned] = planWords([word(7, 3, "TOTAL", box)]);
  const written = Object.entries(planned?.metadata ?? {});
  expect(written).toHaveLength(10);
  for (const [key, value] of written) {
    const type = metadataType(key);
    expect([key, typeof value]).toEqual([key, type === "str" ? "string" : "number"]);
    if (type === "int") expect(Number.isInteger(value)).toBe(true);
  }
});

test("labels are bools, their status is a text, and other keys are not ours", () => {
  expect(["label_TOTAL", "label_status", "merchant_name", "colour", "constructor"].map(metadataType)).toEqual(
    ["bool", "str", "str", undefined, undefined],
  );
});
