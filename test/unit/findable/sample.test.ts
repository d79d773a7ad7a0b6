import fc from "fast-check";
import { drawn } from "../../../core/findable/sample.ts";

const someIds = fc.uniqueArray(fc.string({ maxLength: 6 }), { maxLength: 60 });
const seeds = fc.string({ maxLength: 4 });
const size = fc.option(fc.integer({ min: 1, max: 70 }), { nil: null });

test("as many are drawn as are asked for, each once, in whatever order they are listed", () => {
  fc.assert(
    fc.property(someIds, seeds, size, (ids, seed, size) => {
      const sample = drawn(ids, { size, seed });
      expect(new Set(sample).size).toBe(Math.min(ids.length, size ?? ids.length));
      expect(ids).toEqual(expect.arrayContaining(sample));
      expect(drawn(ids.toReversed(), { size, seed })).toEqual(sample);
    }),
  );
});

test("continuing after any of them covers the rest, and none twice", () => {
  fc.assert(
    fc.property(someIds, seeds, size, (ids, seed, size) => {
      const sample = drawn(ids, { size, seed });
      for (const [at, id] of sample.entries()) {
        expect(drawn(ids, { size, seed }, id)).toEqual(sample.slice(at + 1));
      }
    }),
  );
});

test("continuing after a removed id covers the rest too", () => {
  const ids = Array.from({ length: 50 }, (_, number) => `id-${number}`);
  const sample = drawn(ids, { size: null, seed: "s" });
  const gone = sample[20] ?? "";
  const left = ids.filter((id) => id !== gone);
  expect(drawn(left, { size: null, seed: "s" }, gone)).toEqual(sample.slice(21));
});

test("a quarter of a collection is spread over all of its receipts, and another seed draws others", () => {
  const ids = Array.from({ length: 100 }, (_, receipt) =>
    Array.from({ length: 40 }, (_, line) => `IMAGE#${receipt}#RECEIPT#00001#LINE#${line}`),
  ).flat();
  const first = drawn(ids, { size: 1_000, seed: "one" });
  const perReceipt = Map.groupBy(first, (id) => id.split("#")[1]);
  expect(perReceipt.size).toBe(100);
  expect(Math.max(...Array.from(perReceipt.values(), (own) => own.length))).toBeLessThan(25);
  const both = new Set([...first, ...drawn(ids, { size: 1_000, seed: "two" })]);
  expect(both.size).toBeGreaterThan(1_600);
});
