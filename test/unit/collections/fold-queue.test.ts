import { FoldQueue } from "../../../core/collections/messages/fold-queue.ts";
import { type FoldRequest, parseFoldRequest } from "../../../core/collections/messages/fold-request.ts";
import { ManualClock } from "../resilience/clocks.ts";
import { MemorySqs } from "./memory-queue.ts";

const url = "https://sqs.local/fold.fifo";
const overlay: FoldRequest = { shard: "lines", reason: "overlay", found: "00000001-1", documents: [] };

let sqs: MemorySqs;
let clock: ManualClock;
let queue: FoldQueue;
beforeEach(() => {
  sqs = new MemorySqs();
  clock = new ManualClock();
  queue = new FoldQueue(sqs.client, url, clock);
});

/** Sends that have reached SQS, those that it drops as repetitions among them. */
function sends(): jest.SpyInstance {
  return jest.spyOn(sqs.at(url), "send");
}

test("a request is a message of its shard's group, and is read back as it was asked", async () => {
  await queue.ask(overlay);
  await queue.ask({ ...overlay, shard: "words" });
  const { messages } = sqs.at(url);
  expect(messages.map(({ groupId }) => groupId)).toEqual(["lines", "words"]);
  expect(messages.map(({ body }) => parseFoldRequest(body, ["lines", "words"]))).toEqual([
    overlay,
    { ...overlay, shard: "words" },
  ]);
});

test("a process asks for the same thing once per minute, and for another thing at once", async () => {
  const sent = sends();
  for (let time = 0; time < 5; time += 1) await queue.ask(overlay);
  expect(sent).toHaveBeenCalledTimes(1);
  await queue.ask({ ...overlay, found: "00000002-2" });
  expect(sent).toHaveBeenCalledTimes(2);
  clock.advance(60_000);
  await queue.ask({ ...overlay, found: "00000002-2" });
  expect(sent).toHaveBeenCalledTimes(3);
});

test("processes that see the same base ask for one fold: SQS drops the second message", async () => {
  await queue.ask(overlay);
  await new FoldQueue(sqs.client, url, clock).ask(overlay);
  expect(sqs.at(url).messages).toHaveLength(1);
});

test("a request that was not sent is asked again at once", async () => {
  const sent = sends().mockImplementationOnce(() => {
    throw new Error("ServiceUnavailable");
  });
  await expect(queue.ask(overlay)).rejects.toThrow("ServiceUnavailable");
  await queue.ask(overlay);
  expect(sent).toHaveBeenCalledTimes(2);
});
