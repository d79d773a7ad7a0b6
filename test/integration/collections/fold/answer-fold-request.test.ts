import { answerFoldRequest } from "../../../../core/collections/fold/answer-fold-request.ts";
import type { QueuedMessage } from "../../../../core/collections/messages/collection-queue.ts";
import { FoldRequestInvalidError } from "../../../../core/collections/messages/fold-request.ts";
import { deltaKey, deltaPrefix } from "../../../../core/deltas/keys.ts";
import { monotonicClock } from "../../../../core/resilience/clock.ts";
import { besideHolder } from "../../../unit/collections/beside-holder.ts";
import { CompactionRig, foldUrl } from "../../../unit/collections/compaction-rig.ts";
import { deltaOf } from "../../../unit/collections/sample-deltas.ts";

jest.setTimeout(60_000);

const milk = deltaOf(1, "milk", ["milk", "bread"]);
let rig: CompactionRig;
beforeEach(async () => {
  rig = await CompactionRig.start();
  await rig.embed(milk);
  await rig.invoke(await rig.process({ foldVectors: 1 }));
  expect(rig.asked).toMatchObject([{ reason: "overlay", found: null }]);
});
afterEach(() => rig.stop());

async function answer(message: QueuedMessage | undefined): Promise<boolean> {
  const { base: _, ...deps } = await rig.process({ foldVectors: 1, leaseMs: 4_000, leaseWaitMs: 0 });
  const answering = { shards: [rig.shard], depsOf: () => deps, queue: deps.foldRequests };
  return answerFoldRequest(answering, message as QueuedMessage, monotonicClock.now() + 60_000);
}

const delivered = (receives = 1) => ({ ...rig.sqs.deliver(foldUrl, 1)[0], receives }) as QueuedMessage;

test("a request is answered by a fold, and again by none where another process has folded since", async () => {
  const message = delivered();
  expect(await answer(message)).toBe(true);
  const head = await rig.head();
  expect((await rig.generations.manifest(head ?? "")).segments).toEqual([]);
  expect(await answer(message)).toBe(true);
  expect(await rig.head()).toBe(head);
});

test("F13: one that has to wait for another fold is hidden for a lease time", async () => {
  await besideHolder(rig, "fold", async () => expect(await answer(delivered())).toBe(false));
  expect(rig.sqs.hidings.at(-1)).toBe(4);
  expect(rig.counted.get("FoldsFailed")).toBeUndefined();
});

test.each([
  [1, 5],
  [4, 40],
  [90, 300],
])("one that fails at its receive %d is redelivered after %d seconds", async (receives, seconds) => {
  rig.bucket.delete(deltaKey(deltaPrefix(milk)));
  await expect(answer(delivered(receives))).rejects.toThrow("wrote no base");
  expect(rig.sqs.hidings.at(-1)).toBe(seconds);
});

test("a message that is no request is refused", async () => {
  await expect(answer({ ...delivered(), body: "{}" })).rejects.toThrow(FoldRequestInvalidError);
});
