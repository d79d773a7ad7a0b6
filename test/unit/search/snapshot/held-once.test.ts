import fc from "fast-check";
import { documentSearch } from "../../../../core/documents/document-search.ts";
import { HeldOnce } from "../../../../core/search/snapshot/held-once.ts";

test("rows that say the same share what they say, and no others do", () => {
  const once = new HeldOnce();
  const traits = (text: string) => once.traits(documentSearch.traitsOf(text));
  const total = traits("TOTAL 37.90");
  expect(traits("GRAND TOTAL 37.90")).toBe(total);
  expect(total).toEqual(documentSearch.traitsOf("TOTAL 37.90"));
  for (const other of ["TOTAL 37.95", "TOTAL", "37.90", "TOTAL 37.90 2025-01-02"])
    expect(traits(other)).toEqual(documentSearch.traitsOf(other));
});

test("metadata stays as it is, whatever its keys are", () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean());
  const once = new HeldOnce();
  fc.assert(
    fc.property(fc.dictionary(fc.oneof(fc.constant("__proto__"), fc.string()), value), (metadata) => {
      expect(Object.entries(once.metadata(metadata))).toEqual(Object.entries(metadata));
    }),
  );
});
