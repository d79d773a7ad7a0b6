import {
  GenerationsRequestInvalidError,
  parseGenerationsRequest,
} from "../../../core/collections/generations/generations-request.ts";

const shards = ["lines-1of2", "lines-2of2", "words-1of2", "words-2of2"] as const;

test("a list and a restoring are of one shard of the stack", () => {
  const list = { operation: "list", shard: "words-2of2" };
  const restore = { operation: "restore", shard: "lines-1of2", generation: 7 };
  for (const asked of [list, restore]) expect(parseGenerationsRequest(asked, shards)).toEqual(asked);
});

test.each([
  [{}, /operation/],
  [{ operation: "delete", shard: "lines-1of2" }, /operation/],
  [{ operation: "restore", shard: "lines-1of2" }, /generation/],
  [{ operation: "restore", shard: "lines-1of2", generation: 0 }, /generation/],
  [
    { operation: "list", shard: "lines" },
    /shard: must be one of lines-1of2, lines-2of2, words-1of2, words-2of2/,
  ],
  [{ operation: "list", shard: "../other" }, /shard/],
])("%j is refused", (event, why) => {
  expect(() => parseGenerationsRequest(event, shards)).toThrow(GenerationsRequestInvalidError);
  expect(() => parseGenerationsRequest(event, shards)).toThrow(why);
});
