import fc from "fast-check";
import { collectionOf, collections, shardNames } from "../../../contract/collections.ts";
import { holdsShardKey, ofShardKey, shardOf } from "../../../core/documents/shards.ts";

const collection = fc.constantFrom(...collections);
const count = fc.integer({ min: 1, max: 20 });

describe("the shards of a collection", () => {
  test("are named by position and number; a collection that is not split is its own", () => {
    expect(shardNames("lines", 1)).toEqual(["lines"]);
    expect(shardNames("words", 3)).toEqual(["words-1of3", "words-2of3", "words-3of3"]);
  });

  test("of one number never have the name of a shard of another, so none takes the other's generations for its own", () => {
    fc.assert(
      fc.property(collection, count, count, (of, one, other) => {
        fc.pre(one !== other);
        const names = [...shardNames(of, one), ...shardNames(of, other)];
        expect(new Set(names).size).toBe(one + other);
      }),
    );
  });

  test("know their collection, and each image is in exactly one of them", () => {
    fc.assert(
      fc.property(collection, fc.uuid(), count, (of, imageId, shards) => {
        const names = shardNames(of, shards);
        expect(new Set(names.map(collectionOf))).toEqual(new Set([of]));
        expect(names.filter((name) => holdsShardKey(name, imageId))).toEqual([shardOf(of, imageId, shards)]);
      }),
    );
  });

  test("take what is listed in shard order for the same image", () => {
    fc.assert(
      fc.property(collection, fc.uuid(), count, (of, imageId, shards) => {
        expect(ofShardKey(shardNames(of, shards), imageId)).toBe(shardOf(of, imageId, shards));
      }),
    );
    expect(() => ofShardKey([], "image")).toThrow(RangeError);
  });

  test("hold an image where they held it before: another place would leave its vectors behind", () => {
    const places = (image: string) => [2, 3, 4, 8].map((shards) => shardOf("lines", image, shards));
    expect(places("5653e5ae-e8b0-589d-a27d-2a0165abad9a")).toEqual([
      "lines-1of2",
      "lines-3of3",
      "lines-1of4",
      "lines-5of8",
    ]);
    expect(places("3ce92408-ba77-562f-8491-af3050a5a8bf")).toEqual([
      "lines-2of2",
      "lines-3of3",
      "lines-4of4",
      "lines-4of8",
    ]);
  });

  test.each([2, 3, 5, 8])("are %i of about the same size", (shards) => {
    const images = Array.from(
      { length: 8_000 },
      (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
    );
    const sizes = Object.values(Object.groupBy(images, (imageId) => shardOf("words", imageId, shards)));
    expect(sizes).toHaveLength(shards);
    for (const held of sizes) {
      expect(Math.abs((held?.length ?? 0) / (images.length / shards) - 1)).toBeLessThan(0.1);
    }
  });
});

test("a name that is no shard's has no collection", () => {
  expect(() => collectionOf("pages-1of2" as never)).toThrow("pages-1of2 is not a shard of a collection.");
});
