import fc from "fast-check";
import { batchesOf } from "../../../core/resilience/batch.ts";

const limits = fc.record({
  maxCount: fc.integer({ min: 1, max: 20 }),
  maxBytes: fc.integer({ min: 1, max: 200 }),
});
const sizes = fc.array(fc.integer({ min: 0, max: 300 }));
const sum = (batch: readonly number[]) => batch.reduce((total, size) => total + size, 0);

test("batches keep every item in order, and both limits but for an item that alone is too large", () => {
  fc.assert(
    fc.property(sizes, limits, (items, { maxCount, maxBytes }) => {
      const batches = [...batchesOf(items, { maxCount, maxBytes, bytesOf: (size) => size })];
      expect(batches.flat()).toEqual(items);
      for (const batch of batches) {
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length).toBeLessThanOrEqual(maxCount);
        if (batch.length > 1) expect(sum(batch)).toBeLessThanOrEqual(maxBytes);
      }
    }),
  );
});

test("no batch could have taken the first item of the next one", () => {
  fc.assert(
    fc.property(sizes, limits, (items, { maxCount, maxBytes }) => {
      const batches = [...batchesOf(items, { maxCount, maxBytes, bytesOf: (size) => size })];
      for (const [index, batch] of batches.slice(0, -1).entries()) {
        const next = batches[index + 1]?.[0] ?? 0;
        expect(batch.length === maxCount || sum(batch) + next > maxBytes).toBe(true);
      }
    }),
  );
});
