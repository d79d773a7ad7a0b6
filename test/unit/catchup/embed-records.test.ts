import fc from "fast-check";
import { embedRecords } from "../../../core/catchup/chunks/embed-records.ts";
import { RequestSize } from "../../../core/embedding/embed-each.ts";
import { EmbeddingThrottledError } from "../../../core/embedding/embedding-errors.ts";
import { FakeEmbedder } from "./fake-providers.ts";
import { recordOf } from "./index-records.ts";

const limitsOf = (tokensPerRequest: number) => ({ tokensPerRequest, requestSize: new RequestSize() });

test("each distinct text is embedded once, whatever the number of records that have it", async () => {
  const embedder = new FakeEmbedder();
  const records = ["a", "b", "a", "c", "b", "a"].map((text, n) => recordOf(n + 1, text));
  const { vectors, refused } = await embedRecords(records, embedder, limitsOf(1_000));
  expect(embedder.requests).toEqual([["a", "b", "c"]]);
  expect([...vectors.keys()]).toEqual(["a", "b", "c"]);
  expect(refused).toEqual([]);
});

test("a request has as many texts as its tokens allow, and a text that is larger stands alone", async () => {
  const embedder = new FakeEmbedder();
  const records = [4, 4, 2, 12, 5, 5].map((tokens, n) => recordOf(n, `t${n}`, { tokens }));
  await embedRecords(records, embedder, limitsOf(10));
  expect(embedder.requests).toEqual([["t0", "t1", "t2"], ["t3"], ["t4", "t5"]]);
});

test("a request has at most as many texts as the provider takes", async () => {
  const embedder = new FakeEmbedder();
  const records = Array.from({ length: 2_049 }, (_, n) => recordOf(n, `t${n}`));
  await embedRecords(records, embedder, limitsOf(1_000_000));
  expect(embedder.requests.map(({ length }) => length)).toEqual([2_048, 1]);
});

test("what the model refuses fails alone, every record of that text, and all others have their vectors", async () => {
  const texts = fc.array(fc.constantFrom("a", "b", "c", "d", "poison 1", "poison 2"), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 2, max: 20 }), async (all, tokensPerRequest) => {
      const embedder = new FakeEmbedder();
      const records = all.map((text, n) => recordOf(n + 1, text));
      const { vectors, refused } = await embedRecords(records, embedder, limitsOf(tokensPerRequest));
      const isPoison = (text: string) => text.startsWith("poison");
      expect([...vectors.keys()].sort()).toEqual([...new Set(all)].filter((one) => !isPoison(one)).sort());
      expect(refused.map(({ row }) => row).sort((a, b) => a - b)).toEqual(
        all.flatMap((text, n) => (isPoison(text) ? [n + 1] : [])),
      );
      // The innocent text is paid for, where one was refused.
      expect(embedder.paid.filter((text) => text !== "receipt")).toHaveLength(vectors.size);
      expect(refused.every(({ reason }) => reason === "refused_by_model")).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("what is no fault of the texts is thrown, and no record fails for it (F23)", async () => {
  const embedder = new FakeEmbedder();
  embedder.embed = async () => {
    throw new EmbeddingThrottledError("fake");
  };
  await expect(embedRecords([recordOf(1)], embedder, limitsOf(10))).rejects.toMatchObject({
    name: "EmbeddingThrottledError",
  });
});
