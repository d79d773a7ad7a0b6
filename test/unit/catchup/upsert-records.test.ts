import fc from "fast-check";
import { IndexThrottledError } from "../../../core/catchup/index/index-errors.ts";
import { upsertBody } from "../../../core/catchup/index/pinecone/upsert-body.ts";
import { type EmbeddedRecord, upsertRecords } from "../../../core/catchup/index/upsert-records.ts";
import type { IndexRecord } from "../../../core/catchup/records/record.ts";
import { FakeIndex } from "./fake-providers.ts";
import { recordOf } from "./index-records.ts";

function embedded(n: number, changed: Partial<IndexRecord> = {}, dimensions = 4): EmbeddedRecord {
  const vector = new Uint8Array(new Float32Array(dimensions).fill(0.123456789).buffer);
  return { record: recordOf(n, undefined, changed), vector, contentHash: undefined };
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

test("a batch has as many records as were asked for", async () => {
  const index = new FakeIndex();
  await upsertRecords(
    upTo(7).map((n) => embedded(n)),
    index,
    3,
  );
  expect(index.requests.map(({ ids }) => ids.length)).toEqual([3, 3, 1]);
  expect(index.vectors.size).toBe(7);
});

test("a batch is at most as large as Pinecone takes, as JSON", async () => {
  const index = new FakeIndex();
  index.holds = 3_072;
  const sizes: number[] = [];
  const upsert = index.upsert.bind(index);
  index.upsert = (namespace, vectors) => {
    sizes.push(upsertBody(namespace, vectors).length);
    return upsert(namespace, vectors);
  };
  const note = "é".repeat(15_000);
  await upsertRecords(
    upTo(300).map((n) => embedded(n, { metadata: { note } }, 3_072)),
    index,
    1_000,
  );
  expect(index.vectors.size).toBe(300);
  expect(sizes.length).toBeLessThan(15_500 / 300 + 10);
  expect(Math.max(...sizes)).toBeLessThan(2_000_000);
});

test("a batch has no more vectors than the sink takes, and no more requests are in flight", async () => {
  const index = new FakeIndex();
  index.limits = { ...index.limits, vectors: 2, inFlight: 2 };
  let [inFlight, most] = [0, 0];
  const upsert = index.upsert.bind(index);
  index.upsert = async (namespace, vectors) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await upsert(namespace, vectors);
    inFlight -= 1;
  };
  await upsertRecords(
    upTo(9).map((n) => embedded(n)),
    index,
    100,
  );
  expect(index.requests.map(({ ids }) => ids.length)).toEqual([2, 2, 2, 2, 1]);
  expect(most).toBe(2);
});

test("records of different namespaces never share a request", async () => {
  const index = new FakeIndex();
  await upsertRecords(
    upTo(6).map((n) => embedded(n, { namespace: n % 2 === 0 ? "even" : "odd" })),
    index,
    100,
  );
  expect(index.requests).toEqual([
    { namespace: "odd", ids: ["12.1", "12.3", "12.5"] },
    { namespace: "even", ids: ["12.2", "12.4", "12.6"] },
  ]);
});

test("what the index refuses fails alone, and all others are written", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 20 }),
      fc.integer({ min: 1, max: 20 }),
      async (cursed, batchSize) => {
        const index = new FakeIndex();
        const records = cursed.map((one, n) => embedded(n, { metadata: { cursed: one } }));
        const refused = await upsertRecords(records, index, batchSize);
        expect(refused.map(({ row }) => row).sort((a, b) => a - b)).toEqual(
          cursed.flatMap((one, n) => (one ? [n] : [])),
        );
        expect(refused.every(({ reason }) => reason === "refused_by_index")).toBe(true);
        expect(index.vectors.size).toBe(cursed.filter((one) => !one).length);
      },
    ),
    { numRuns: 200 },
  );
});

test("what is no fault of the records is thrown, and no record fails for it (F23)", async () => {
  const index = new FakeIndex();
  index.upsert = async () => {
    throw new IndexThrottledError("pinecone");
  };
  await expect(upsertRecords([embedded(1)], index, 10)).rejects.toBeInstanceOf(IndexThrottledError);
});

test("the content's hash goes out beside the metadata", async () => {
  const index = new FakeIndex();
  await upsertRecords([{ ...embedded(1), contentHash: "abc" }], index, 10);
  expect(index.vectors.get("v2/12.1")).toEqual({
    id: "12.1",
    vector: embedded(1).vector,
    metadata: { text: "text 1", id: "1", content_hash: "abc" },
  });
});
