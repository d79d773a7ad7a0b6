import { deserialize, serialize } from "node:v8";
import { StoredIndex, type StoredIndexSettings } from "../../../local/services/s3-vectors/stored-index.ts";
import { VectorBuckets } from "../../../local/services/s3-vectors/vector-buckets.ts";
import { vectorKeeper } from "../../../local/services/s3-vectors/vector-keeper.ts";

const settings: StoredIndexSettings = {
  dimension: 2,
  distanceMetric: "cosine",
  nonFilterableMetadataKeys: ["text"],
};
const milk = { key: "milk", values: Float32Array.of(1, 0.5), metadata: { text: "milk", line_id: 1 } };
const place = { vectorBucketName: "mirror", indexName: "lines-2" };

function saved(): unknown {
  const buckets = new VectorBuckets();
  buckets.create("mirror");
  buckets.createIndex(place, "lines-2", settings).put([milk]);
  return deserialize(serialize(vectorKeeper(buckets).save()));
}

function restored(state: unknown): VectorBuckets {
  const buckets = new VectorBuckets();
  vectorKeeper(buckets).restore(state);
  buckets.create("mirror");
  return buckets;
}

test("an index that a program makes as it needs it is there with its vectors once its bucket is declared", () => {
  const buckets = restored(saved());
  expect(buckets.index(place)).toBeInstanceOf(StoredIndex);
  expect(buckets.index(place).get("milk")).toEqual(milk);
});

test("an index that is declared again keeps its vectors and its time of creation, and a second one is a conflict", async () => {
  const state = saved();
  const [[, [kept]]] = [...(state as Map<string, { createdAt: number }[]>)] as [
    [string, { createdAt: number }[]],
  ];
  const buckets = restored(state);
  const index = buckets.createIndex(place, "lines-2", settings);
  expect(index.get("milk")).toEqual(milk);
  expect(index.createdAt).toBe(kept?.createdAt);
  expect(() => buckets.createIndex(place, "lines-2", settings)).toThrow("already exists");
});

test("an index that is declared with other settings is empty", () => {
  const buckets = restored(saved());
  const index = buckets.createIndex(place, "lines-2", { ...settings, dimension: 3 });
  expect(index.all()).toEqual([]);
  expect(buckets.index(place)).toBe(index);
});
