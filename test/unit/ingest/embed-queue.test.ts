import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { EmbedQueue } from "../../../core/ingest/embed-queue.ts";
import { silentLog } from "../../../core/log.ts";
import type { FailedDelivery } from "../../../core/queues/consumed-queue.ts";

/** A queue that keeps what it is told. */
function stage(dlqFails = false) {
  const delays: Record<string, number> = {};
  const moved: SendMessageCommandInput[] = [];
  const send = async (command: unknown) => {
    if (command instanceof ChangeMessageVisibilityBatchCommand) {
      for (const { ReceiptHandle = "", VisibilityTimeout = 0 } of command.input.Entries ?? []) {
        delays[ReceiptHandle] = VisibilityTimeout;
      }
    }
    if (command instanceof SendMessageCommand) {
      if (dlqFails) throw new Error("The queue is away.");
      moved.push(command.input);
    }
    return {};
  };
  const queue = new EmbedQueue({ send } as unknown as SQSClient, { queue: "embed", dlq: "dlq" }, silentLog);
  return { queue, delays, moved };
}

const failed = (messageId: string, receives: number, byInput: boolean): FailedDelivery => ({
  messageId,
  receiptHandle: messageId,
  body: "{}",
  sentTimestamp: 7,
  receives,
  byInput,
  reason: "It has no rows.\u0000",
});

test("F8: bad input is redelivered within seconds, and at its third receive is in the DLQ with its reason", async () => {
  const { queue, delays, moved } = stage();
  expect(await queue.giveBack([failed("second", 2, true), failed("third", 3, true)])).toEqual(["second"]);
  expect(delays).toEqual({ second: 5 });
  expect(moved).toMatchObject([
    {
      QueueUrl: "dlq",
      MessageBody: "{}",
      MessageAttributes: {
        failure_reason: { StringValue: "It has no rows.?" },
        sent_timestamp: { StringValue: "7" },
      },
    },
  ]);
});

test("F13: after a transient error a message is redelivered later each time, within half an hour, and never moved to the DLQ", async () => {
  const { queue, delays, moved } = stage();
  const messages = [1, 2, 5, 40].map((receives) => failed(String(receives), receives, false));
  expect(await queue.giveBack(messages)).toHaveLength(4);
  expect(delays).toEqual({ 1: 30, 2: 60, 5: 480, 40: 1_800 });
  expect(moved).toEqual([]);
});

test("F2: a message that the DLQ does not take is redelivered", async () => {
  const { queue, delays } = stage(true);
  expect(await queue.giveBack([failed("third", 3, true)])).toEqual(["third"]);
  expect(delays).toEqual({ third: 5 });
});
