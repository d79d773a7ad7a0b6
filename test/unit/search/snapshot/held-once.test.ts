import fc from "fast-check";
import { HeldOnce } from "../../../../core/search/snapshot/held-once.ts";

test("metadata stays as it is, whatever its keys are", () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean());
  const once = new HeldOnce();
  fc.assert(
    fc.property(fc.dictionary(fc.oneof(fc.constant("__proto__"), fc.string()), value), (metadata) => {
      expect(Object.entries(once.metadata(metadata))).toEqual(Object.entries(metadata));
    }),
  );
});
