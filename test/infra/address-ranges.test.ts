import fc from "fast-check";
import { isRange, quarters } from "../../infra/components/address-ranges.ts";

const range = fc
  .record({ bits: fc.integer({ min: 0, max: 0xffffffff }), length: fc.integer({ min: 8, max: 28 }) })
  .map(({ bits, length }) => {
    const first = bits - (bits % 2 ** (32 - length));
    return { first, length, cidr: `${dotted(first)}/${length}` };
  });

test("the quarters of a range cover it, side by side and in order", () => {
  fc.assert(
    fc.property(range, ({ first, length, cidr }) => {
      const size = 2 ** (32 - length - 2);
      expect(quarters(cidr)).toEqual(
        [0, 1, 2, 3].map((index) => `${dotted(first + index * size)}/${length + 2}`),
      );
    }),
  );
});

test("a range begins at its first address", () => {
  fc.assert(
    fc.property(range, fc.integer({ min: 1, max: 15 }), ({ first, length, cidr }, inside) => {
      expect(isRange(cidr)).toBe(true);
      expect(isRange(`${dotted(first + inside)}/${length}`)).toBe(false);
    }),
  );
});

test("parts beyond a byte are no address", () => {
  expect(isRange("10.256.0.0/16")).toBe(false);
  expect(isRange("10.0.0/16")).toBe(false);
});

function dotted(address: number): string {
  return [2 ** 24, 2 ** 16, 2 ** 8, 1].map((unit) => Math.floor(address / unit) % 256).join(".");
}
