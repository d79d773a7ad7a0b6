import fc from "fast-check";
import {
  deltaKey,
  deltaOfKey,
  deltaPrefix,
  rejectedRowsKey,
  UnsafeKeyError,
} from "../../../core/deltas/keys.ts";
import { image } from "../receipts/rows-of.ts";

const name = { collection: "words", imageId: image, receiptId: 12, runId: "0a1b" } as const;

test("a delta's key names its collection, receipt and run", () => {
  expect(deltaPrefix(name)).toBe(`deltas/words/${image}/receipt-00012/0a1b`);
  expect(deltaKey(deltaPrefix(name))).toBe(`deltas/words/${image}/receipt-00012/0a1b.vkd`);
  expect(rejectedRowsKey("0a1b")).toBe("rejected/0a1b.ndjson");
});

test("a key identifies its delta, and no other key does", () => {
  const key = deltaKey(deltaPrefix(name));
  expect(deltaOfKey(key)).toEqual(name);
  const others = [
    key.replace("words", "pages"),
    key.replace("00012", "012"),
    key.replace("00012", "0000012"),
    key.replace("0a1b", "0a.1b"),
    key.replace(image, "image"),
    key.replace(".vkd", ".tmp"),
    `${key}.vkd`,
    `x/${key}`,
    "deltas/words/",
  ];
  for (const other of others) expect(deltaOfKey(other)).toBeUndefined();
});

test.each(["..", "../x", "a/b", "", "a\nb", "a".repeat(129)])(
  "the run_id %j stays out of keys (F25)",
  (runId) => {
    expect(() => deltaPrefix({ ...name, runId })).toThrow(UnsafeKeyError);
    expect(() => rejectedRowsKey(runId)).toThrow(UnsafeKeyError);
  },
);

test("nothing but a UUID is an image_id in a key (F25)", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (imageId) => {
      expect(() => deltaPrefix({ ...name, imageId })).toThrow(UnsafeKeyError);
    }),
  );
  expect(() => deltaPrefix({ ...name, imageId: `${image}/../x` })).toThrow(UnsafeKeyError);
});
