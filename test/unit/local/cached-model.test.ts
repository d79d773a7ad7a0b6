import { CachedModel } from "../../../local/embeddings/cached-model.ts";

test("each text is asked of the model once, however often and in what order it comes", async () => {
  const asked: string[][] = [];
  const model = new CachedModel({
    embed: async (texts) => {
      asked.push([...texts]);
      return texts.map((text) => ({ vector: Buffer.from(text), tokens: text.length }));
    },
  });
  const vectorsOf = async (texts: readonly string[]) =>
    (await model.embed(texts)).map(({ vector }) => Buffer.from(vector).toString());
  expect(await vectorsOf(["one", "two", "one"])).toEqual(["one", "two", "one"]);
  expect(await vectorsOf(["three", "two"])).toEqual(["three", "two"]);
  expect(asked).toEqual([["one", "two"], ["three"]]);
});
