import { checkDelta, DeltaMismatchedError } from "../../../../core/collections/merge/check-delta.ts";
import type { Delta } from "../../../../core/deltas/delta.ts";
import { deltaOf, dimensions, imageId, model } from "../sample-deltas.ts";

const target = { collection: "lines", model, dimensions } as const;
const delta = deltaOf(1, "run", ["milk", "bread"]);
const run = { imageId: imageId(1), receiptId: 1, runId: "run" };
const [first = "", second = ""] = delta.ids;
const check = (changed: Partial<Delta>) => () => checkDelta({ ...delta, ...changed }, "key", run, target);

/** The vectors with one number replaced. */
function withNumber(position: number, axis: number, value: number): Uint8Array {
  const copy = Buffer.from(delta.vectors);
  copy.writeFloatLE(value, 4 * (position * dimensions + axis));
  return copy;
}

test("a delta of its run and collection passes, and so does one without vectors", () => {
  expect(check({})).not.toThrow();
  expect(check({ ids: [], documents: [], metadatas: [], vectors: Buffer.of() })).not.toThrow();
  // A pair of surrogates is a character.
  expect(check({ documents: ["milk 🥖", "bread"] })).not.toThrow();
});

test.each<[string, Partial<Delta>, string]>([
  ["another collection", { collection: "words" }, "collection is words, not lines"],
  ["another run", { runId: "other" }, "run is other, not run"],
  ["another receipt", { receiptId: 2 }, "receipt is"],
  ["another image", { imageId: imageId(2) }, "receipt is"],
  ["another model", { model: "other" }, "model is other"],
  ["other dimensions", { dimensions: 4 }, "dimensions is 4, not 8"],
  ["a vector of another receipt", { ids: [first, `${deltaOf(2, "", ["x"]).ids[0]}`] }, "belongs to another"],
  [
    "a vector of a receipt whose key begins alike",
    { ids: [first, second.replace("#LINE", "0#LINE")] },
    "belongs to",
  ],
  ["one id twice", { ids: [first, first] }, "an id twice"],
  [
    "half a surrogate pair in a document",
    { documents: ["milk", "bread\ud800"] },
    `${second} cannot be stored`,
  ],
  [
    "half a surrogate pair in a value",
    { metadatas: [{ text: "\udc00" }, { text: "bread" }] },
    `${first} cannot be stored`,
  ],
  ["NaN", { vectors: withNumber(1, 7, Number.NaN) }, `${second} cannot be stored`],
  [
    "an infinite number",
    { vectors: withNumber(0, 0, Number.POSITIVE_INFINITY) },
    `${first} cannot be stored`,
  ],
])("F8 F30 F33: one with %s is refused by name", (_, changed, why) => {
  expect(check(changed)).toThrow(DeltaMismatchedError);
  expect(check(changed)).toThrow(why);
});
