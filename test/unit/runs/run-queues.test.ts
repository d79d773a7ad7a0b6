import type { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { shardOf } from "../../../core/documents/shards.ts";
import type { CompactionRun, RunState } from "../../../core/runs/compaction-run.ts";
import { RunQueues } from "../../../core/runs/run-queues.ts";

const sent: { QueueUrl?: string | undefined; MessageDeduplicationId?: string | undefined }[] = [];
const send = async ({ input }: SendMessageCommand) => void sent.push(input);
const queues = new RunQueues({
  client: { send } as unknown as SQSClient,
  queueUrls: { lines: ["lines-1of2", "lines-2of2"], words: ["words-1of2", "words-2of2"] },
  region: "us-east-1",
});
beforeEach(() => {
  sent.length = 0;
});

function run(imageId: string, lines: RunState, words: RunState): CompactionRun {
  const half = { deltaPrefix: "deltas/x", token: 0, failures: 0 };
  const halves = { lines: { ...half, state: lines }, words: { ...half, state: words } };
  const times = { createdAt: "2026-11-25T09:00:00.000Z", updatedAt: "2026-11-25T09:00:00.000Z" };
  return { imageId, receiptId: 1, runId: "run", attempts: 3, rejectedRows: 0, ...times, halves };
}

test("a run is redriven in the shards of its image where it is not completed", async () => {
  const images = ["5653e5ae-e8b0-589d-a27d-2a0165abad9a", "3ce92408-ba77-562f-8491-af3050a5a8bf"];
  for (const imageId of images)
    await queues.redrive(run(imageId, "FAILED", "PENDING"), "2026-11-25T09:00:00.000Z");
  expect(sent.map(({ QueueUrl }) => QueueUrl)).toEqual([
    "lines-1of2",
    "words-1of2",
    "lines-2of2",
    "words-2of2",
  ]);
  expect(images.map((imageId) => shardOf("lines", imageId, 2))).toEqual(["lines-1of2", "lines-2of2"]);
  expect(new Set(sent.map(({ MessageDeduplicationId }) => MessageDeduplicationId))).toEqual(
    new Set(["run-3"]),
  );
});

test("a completed half is left alone", async () => {
  await queues.redrive(
    run("5653e5ae-e8b0-589d-a27d-2a0165abad9a", "COMPLETED", "PENDING"),
    "2026-11-25T09:00:00.000Z",
  );
  expect(sent.map(({ QueueUrl }) => QueueUrl)).toEqual(["words-1of2"]);
});
