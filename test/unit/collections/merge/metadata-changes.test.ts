import fc from "fast-check";
import { metadataChanges, shows } from "../../../../core/collections/merge/metadata-changes.ts";

const value = fc.oneof(fc.string(), fc.integer(), fc.boolean());
const knownKey = fc.constantFrom("merchant_name", "place_id", "label_status", "label_TOTAL", "label_TAX");
const known = fc.dictionary(knownKey, fc.oneof(fc.string(), fc.boolean()), { maxKeys: 4 });
const stored = fc.dictionary(fc.oneof(knownKey, fc.constantFrom("text", "x", "line_id", "toString")), value);

/** As a store merges them. */
function merged(before: Record<string, unknown>, changes: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...before, ...changes }).filter(([, now]) => now !== null));
}

describe("changes of a vector's metadata", () => {
  test("F9, F17: leave it with exactly the known facts, and with what only embedding writes", () => {
    fc.assert(
      fc.property(stored, known, (before, now) => {
        const after = merged(before, metadataChanges(before, now) ?? {});
        const embedded = Object.entries(before).filter(
          ([key]) => !/^(merchant_name|place_id|label_|toString)/.test(key),
        );
        expect(after).toEqual({ ...Object.fromEntries(embedded), ...now });
      }),
    );
  });

  test("are none where it shows the known facts, and appear once they are written", () => {
    fc.assert(
      fc.property(stored, known, (before, now) => {
        const changes = metadataChanges(before, now);
        const after = merged(before, changes ?? {}) as typeof before;
        expect(metadataChanges(after, now)).toBeUndefined();
        if (!changes) return;
        expect(shows(after, changes)).toBe(true);
        expect(shows(before, changes)).toBe(false);
      }),
    );
  });

  test("do not show while one of them is missing", () => {
    const changes = { merchant_name: "CAFE", place_id: null };
    expect(shows({ merchant_name: "CAFE" }, changes)).toBe(true);
    expect(shows({ merchant_name: "CAFE", place_id: "1" }, changes)).toBe(false);
    expect(shows({ merchant_name: "SHOP" }, changes)).toBe(false);
  });
});
