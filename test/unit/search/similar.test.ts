import type { StoredVector } from "../../../core/collections/chroma/vector-store.ts";
import { silentLog } from "../../../core/log.ts";
import { FollowedCollection } from "../../../core/search/followed-collection.ts";
import type { OpenGeneration } from "../../../core/search/generation-source.ts";
import { QueryVectors } from "../../../core/search/query-vectors.ts";
import { search } from "../../../core/search/search.ts";
import { searchRequest } from "../../../core/search/search-request.ts";
import { similar, similarRequest } from "../../../core/search/similar.ts";
import { Snapshot } from "../../../core/search/snapshot/snapshot.ts";

const receipt = "IMAGE#image#RECEIPT#00001";

/** A word whose vector stands at an angle from the first one's. */
function word(
  number: number,
  degrees: number,
  document: string,
  labels: Record<string, boolean>,
): StoredVector {
  const radians = (degrees * Math.PI) / 180;
  const vector = Float32Array.from([Math.cos(radians), Math.sin(radians)]);
  const metadata = { line_id: number, word_id: 1, ...labels };
  return { id: `${receipt}#LINE#${String(number).padStart(5, "0")}#WORD#00001`, document, metadata, vector };
}

const words = [
  word(1, 0, "28.82", {}),
  word(2, 5, "28.90", { label_TOTAL: true }),
  word(3, 10, "31.00", { label_TOTAL: true, label_TAX: false }),
  word(4, 60, "MILK", { label_TOTAL: false }),
  word(5, 90, "THANKS", {}),
];

async function serving(snapshot: Snapshot | undefined): Promise<FollowedCollection[]> {
  const open: OpenGeneration = {
    number: 4,
    name: "00000004-a",
    count: words.length,
    snapshot,
    query: async () => [],
    alive: () => true,
    close: async () => {},
  };
  const source = { head: async () => ({ number: 4, name: "00000004-a" }), open: async () => open };
  const followed = new FollowedCollection("words", source, silentLog);
  await followed.poll();
  return [followed];
}

const id = words[0]?.id ?? "";

test("the neighbours of a word come nearest first, without itself, with their labels counted", async () => {
  const answer = await similar(
    similarRequest.parse({ id, k: "3" }),
    await serving(await Snapshot.of(words, 2)),
  );
  expect(answer).toMatchObject({ collection: "words", generations: { words: 4 }, of: { id, text: "28.82" } });
  expect(answer.hits.map(({ text }) => text)).toEqual(["28.90", "31.00", "MILK"]);
  expect(answer.hits[0]?.score).toBeCloseTo(Math.cos((5 * Math.PI) / 180), 5);
  expect(answer.labels).toEqual({ TAX: { valid: 0, invalid: 1 }, TOTAL: { valid: 2, invalid: 1 } });
});

test("the newest state of a vector counts after a change", async () => {
  const moved = words.map((each, index) => (index === 0 ? word(1, 90, "28.82", {}) : each));
  const snapshot = await (await Snapshot.of(words, 2)).with(new Set([receipt]), moved);
  const { hits } = await similar(similarRequest.parse({ id, k: "1" }), await serving(snapshot));
  expect(hits.map(({ text }) => text)).toEqual(["THANKS"]);
});

test("an unknown id is not found, and an invalid one is refused", async () => {
  const unknown = similarRequest.parse({ id: `${receipt}#LINE#00009#WORD#00001` });
  await expect(similar(unknown, await serving(await Snapshot.of(words, 2)))).rejects.toMatchObject({
    code: "VK_VECTOR_UNKNOWN",
  });
  expect(similarRequest.safeParse({ id: "total" }).success).toBe(false);
  expect(similarRequest.safeParse({ id, k: "0" }).success).toBe(false);
});

test("a shard with too many vectors for an exact search is refused instead of answering partially", async () => {
  const followed = await serving(undefined);
  await expect(similar(similarRequest.parse({ id }), followed)).rejects.toMatchObject({
    code: "VK_ANSWER_NOT_EXACT",
  });
  const request = searchRequest(2).parse({ vector: [1, 0], collection: "words", where: { receipt_id: 1 } });
  const vectors = new QueryVectors({ model: "m", dimensions: 2, embed: async () => [] }, 1);
  await expect(search(request, followed, vectors, 0)).rejects.toMatchObject({ code: "VK_ANSWER_NOT_EXACT" });
});

test("a condition is judged before ranking: the best that fit are the hits, however far", async () => {
  const vectors = new QueryVectors({ model: "m", dimensions: 2, embed: async () => [] }, 1);
  const ask = async (where: object, k = 1) => {
    const request = searchRequest(2).parse({ vector: [1, 0], collection: "words", k, where });
    return (await search(request, await serving(await Snapshot.of(words, 2)), vectors, 0)).hits.map(
      ({ text }) => text,
    );
  };
  expect(await ask({ label_TOTAL: false })).toEqual(["MILK"]);
  expect(await ask({ amount: { gte: 30 } })).toEqual(["31.00"]);
  expect(await ask({ not: { or: [{ label_TOTAL: true }, { line_id: 1 }] } }, 5)).toEqual(["MILK", "THANKS"]);
});
