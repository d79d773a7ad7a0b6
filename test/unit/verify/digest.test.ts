import fc from "fast-check";
import { checksumOf, type Described } from "../../../core/verify/digest.ts";

const texts = fc.string({ unit: "binary" });
const metadata = fc.dictionary(
  fc.constantFrom("image_id", "line_id", "text", "x", "label_TOTAL", "merchant_name", "__proto__"),
  fc.oneof(texts, fc.integer(), fc.boolean(), fc.double({ min: -2, max: 2, noNaN: true })),
);
const vectors = fc.uniqueArray(fc.record({ id: texts, document: texts, metadata }), {
  selector: ({ id }) => id,
  maxLength: 12,
});

/** Another value of the same kind, as near as one bit. */
function nextTo(value: string | number | boolean): string | number | boolean {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number")
    return Number.isInteger(value) ? value + 1 : value + 1e-6 * (1 + Math.abs(value));
  const code = value.charCodeAt(0);
  return value === "" ? "\u0000" : String.fromCharCode(code ^ 1) + value.slice(1);
}

/** Every way to change one thing in one vector. */
function* neighbours(vector: Described): Generator<Described> {
  yield { ...vector, id: String(nextTo(vector.id)) };
  yield { ...vector, document: String(nextTo(vector.document)) };
  yield { ...vector, metadata: { ...vector.metadata, receipt_id: 1 } };
  for (const [key, value] of Object.entries(vector.metadata)) {
    const { [key]: _, ...others } = vector.metadata;
    yield { ...vector, metadata: others };
    yield { ...vector, metadata: { ...others, [key]: nextTo(value) } };
    if (typeof value !== "string") yield { ...vector, metadata: { ...others, [key]: String(value) } };
  }
}

describe("the checksum of a receipt", () => {
  test("is the same for the same vectors in any order, with their metadata's keys in any order", () => {
    fc.assert(
      fc.property(vectors, fc.infiniteStream(fc.nat()), (all, random) => {
        const shuffled = all
          .map((vector) => ({ vector, at: random.next().value }))
          .sort((one, other) => one.at - other.at)
          .map(({ vector }) => ({
            ...vector,
            metadata: Object.fromEntries(Object.entries(vector.metadata).reverse()),
          }));
        expect(checksumOf(shuffled)).toBe(checksumOf(all));
      }),
    );
  });

  test("is another one when one bit of an id, a document or a value is, a key or a vector is gone, or a type changed", () => {
    fc.assert(
      fc.property(vectors, fc.nat(), (all, chosen) => {
        const [vector] = all.slice(chosen % Math.max(1, all.length));
        if (vector === undefined) return;
        const others = all.filter((one) => one !== vector);
        const sum = checksumOf(all);
        expect(checksumOf(others)).not.toBe(sum);
        expect(checksumOf([...all, vector])).not.toBe(sum);
        for (const neighbour of neighbours(vector)) expect(checksumOf([...others, neighbour])).not.toBe(sum);
      }),
    );
  });

  test("is another one when two vectors exchange what they show", () => {
    const [one, other] = ["milk", "bread"].map((text) => ({ id: text, document: text, metadata: { text } }));
    const exchanged = [
      { ...one, document: "bread" },
      { ...other, document: "milk" },
    ] as Described[];
    expect(checksumOf(exchanged)).not.toBe(checksumOf([one, other] as Described[]));
  });

  test("does not know the last digits of a fraction, which Chroma does not give back", () => {
    const at = (x: number) => checksumOf([{ id: "a", document: "milk", metadata: { x } }]);
    expect(at(0.982927973563106)).toBe(at(0.9829279735631061));
    expect(at(0.9829)).not.toBe(at(0.98291));
  });
});
