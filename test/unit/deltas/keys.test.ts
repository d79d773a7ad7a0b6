import fc from "fast-check";
import { deltaKey, deltaPrefix, rejectedRowsKey, UnsafeKey } from "../../../core/deltas/keys.ts";
import { image } from "../receipts/rows-of.ts";

const name = { collection: "words", imageId: image, receiptId: 12, runId: "0a1b" } as const;

test("a delta's key names its collection, receipt and run", () => {
  expect(deltaPrefix(name)).toBe(`deltas/words/${image}/receipt-00012/0a1b`);
  expect(deltaKey(deltaPrefix(name))).toBe(`deltas/words/${image}/receipt-00012/0a1b.vkd`);
  expect(rejectedRowsKey("0a1b")).toBe("rejected/0a1b.ndjson");
});

test.each(["..", "../x", "a/b", "", "a\nb", "a".repeat(129)])(
  "the run_id %j stays out of keys (F25)",
  (runId) => {
    expect(() => deltaPrefix({ ...name, runId })).toThrow(UnsafeKey);
    expect(() => rejectedRowsKey(runId)).toThrow(UnsafeKey);
  },
);

test("nothing but a UUID is an image_id in a key (F25)", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (imageId) => {
      expect(() => deltaPrefix({ ...name, imageId })).toThrow(UnsafeKey);
    }),
  );
  expect(() => deltaPrefix({ ...name, imageId: `${image}/../x` })).toThrow(UnsafeKey);
});
