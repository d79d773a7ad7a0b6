import { encodeDelta } from "../../../core/deltas/codec.ts";
import { deltaKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import { S3DeltaStore } from "../../../core/deltas/s3-delta-store.ts";
import { Buckets } from "./bucket.ts";
import { deltaOf } from "./delta-of.ts";

const key = "deltas/lines/x.vkd";
const file = encodeDelta(deltaOf());

function storeIn(buckets: Buckets): S3DeltaStore {
  return new S3DeltaStore(buckets.client, "deltas");
}

test("what was put is got back, and what was not is undefined", async () => {
  const store = storeIn(new Buckets());
  await store.put(key, file);
  expect(Buffer.from((await store.get(key)) ?? [])).toEqual(file);
  expect(await store.has(key)).toBe(true);
  expect(await store.get("deltas/lines/other.vkd")).toBeUndefined();
  expect(await store.has("deltas/lines/other.vkd")).toBe(false);
});

test("a readable delta that is already there stays", async () => {
  const buckets = new Buckets();
  await storeIn(buckets).put(key, file);
  await storeIn(buckets).put(key, encodeDelta(deltaOf({ documents: ["OTHER", "TEXTS"] })));
  expect(buckets.objects.get(`deltas/${key}`)).toEqual(file);
});

test("an unreadable object under the key is replaced", async () => {
  const buckets = new Buckets();
  buckets.put("deltas", key, file.subarray(0, 40));
  await storeIn(buckets).put(key, file);
  expect(buckets.objects.get(`deltas/${key}`)).toEqual(file);
});

test.each([
  ["another run", { runId: "another" }],
  ["another receipt", { receiptId: 7 }],
  ["another image", { imageId: "0f0c1a52-3d5e-4b8a-9c11-2f6e8d4b9a02" }],
  ["another collection", { collection: "words" as const }],
])("F41: a readable delta of %s under the key is replaced", async (_, other) => {
  const buckets = new Buckets();
  const own = deltaOf();
  const ownKey = deltaKey(deltaPrefix(own));
  buckets.put("deltas", ownKey, encodeDelta(deltaOf(other)));
  await storeIn(buckets).put(ownKey, encodeDelta(own));
  expect(buckets.objects.get(`deltas/${ownKey}`)).toEqual(encodeDelta(own));
});
