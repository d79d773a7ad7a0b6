import { encodeDelta } from "../../../core/deltas/codec.ts";
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
  expect(await store.get("deltas/lines/other.vkd")).toBeUndefined();
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
