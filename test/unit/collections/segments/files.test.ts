import fc from "fast-check";
import { decodeIndex, encodeIndex } from "../../../../core/collections/segments/base-index.ts";
import { digestOfState, type SegmentEntry } from "../../../../core/collections/segments/entry.ts";
import { RowFileCorruptError } from "../../../../core/collections/segments/row-file.ts";
import { decodeSegment, encodeSegment } from "../../../../core/collections/segments/segment-file.ts";
import type { DocumentPart } from "../../../../core/documents/documents.ts";
import { fiveDigits, receiptKey } from "../../../../core/receipts/receipt.ts";
import { imageId } from "../sample-deltas.ts";

const receipt = fc.record({
  imageId: fc.nat(99).map(imageId),
  receiptId: fc.integer({ min: 1, max: 99_999 }),
});
const text = fc.oneof(
  { weight: 9, arbitrary: fc.string({ unit: "binary" }).map((any) => any.toWellFormed()) },
  fc.constant("__proto__"),
);
const part = fc.tuple(fc.nat(99), fc.option(fc.nat(99))).map(([line, word]): DocumentPart => {
  const ofLine: DocumentPart = `LINE#${fiveDigits(line)}`;
  return word === null ? ofLine : `${ofLine}#WORD#${fiveDigits(word)}`;
});
const statuses = fc
  .array(fc.tuple(text, fc.option(fc.constantFrom("VALID", "INVALID", "PENDING"), { nil: undefined })), {
    maxLength: 3,
  })
  .map((pairs) => new Map(pairs));

const present: fc.Arbitrary<SegmentEntry> = receipt.chain((of) =>
  fc
    .record({
      runId: text,
      deltaKey: text,
      vectorCount: fc.nat(),
      removed: fc.array(part, { maxLength: 3 }),
      merchant: fc.record({ merchant_name: text, address: text }, { requiredKeys: [] }),
      labels: fc.array(fc.tuple(part, statuses), { maxLength: 3 }),
    })
    .map(({ merchant, labels, ...parts }) => {
      const named = labels.map(([word, byName]) => [`${receiptKey(of)}#${word}`, byName] as const);
      const facts = { fields: { ...merchant }, labels: new Map(named) };
      return { document: of, gone: false, ...parts, facts, digest: digestOfState({ ...parts, facts }) };
    }),
);
const gone: fc.Arbitrary<SegmentEntry> = receipt.map((of) => ({ document: of, gone: true }));
const segment = fc.array(fc.oneof(present, gone), { maxLength: 6 });

const index = fc
  .array(
    fc.tuple(
      receipt,
      fc.record({
        vectorCount: fc.nat(),
        runId: fc.option(text),
        deltaKey: fc.option(text),
        digest: fc.option(text),
      }),
    ),
  )
  .map((rows) => new Map(rows.map(([of, known]) => [receiptKey(of), known])));

test("every segment and every index is read back as it was written", () => {
  fc.assert(
    fc.property(segment, (entries) => expect(decodeSegment(encodeSegment(entries))).toEqual(entries)),
  );
  fc.assert(fc.property(index, (rows) => expect(decodeIndex(encodeIndex(rows))).toEqual(rows)));
});

test("no flipped bit, cut or addition goes unseen", () => {
  fc.assert(
    fc.property(
      segment,
      fc.nat(),
      fc.nat(7),
      fc.constantFrom("flip", "cut", "add"),
      (entries, at, bit, harm) => {
        const bytes = encodeSegment(entries);
        const position = at % bytes.length;
        const harmed = {
          flip: () => {
            const copy = Buffer.from(bytes);
            copy[position] = (copy[position] ?? 0) ^ (1 << bit);
            return copy;
          },
          cut: () => bytes.subarray(0, position),
          add: () => Buffer.concat([bytes, Buffer.from([bit])]),
        }[harm]();
        expect(() => decodeSegment(harmed)).toThrow(RowFileCorruptError);
      },
    ),
  );
});

test("a file of another kind is none", () => {
  expect(() => decodeSegment(encodeIndex(new Map()))).toThrow("it does not start with VKSEGMNT");
});

test("equal states have equal digests, in whatever order their parts were found, and others have other ones", () => {
  const labels = (...ids: string[]) => new Map(ids.map((id) => [id, new Map([["TOTAL", "VALID"]])]));
  const state = {
    runId: "run",
    removed: ["LINE#00001", "LINE#00002"] as const,
    facts: { fields: { merchant_name: "CAFE", address: "1" }, labels: labels("a", "b") },
  };
  const same = digestOfState(state);
  expect(
    digestOfState({
      runId: "run",
      removed: ["LINE#00002", "LINE#00001"],
      facts: { fields: { address: "1", merchant_name: "CAFE" }, labels: labels("b", "a") },
    }),
  ).toBe(same);
  expect(digestOfState({ ...state, runId: "other" })).not.toBe(same);
  expect(digestOfState({ ...state, removed: ["LINE#00001"] })).not.toBe(same);
  expect(digestOfState({ ...state, facts: { ...state.facts, labels: labels("a") } })).not.toBe(same);
});
