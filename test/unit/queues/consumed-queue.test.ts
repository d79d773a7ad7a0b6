import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
  type SendMessageCommandInput,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { silentLog } from "../../../core/log.ts";
import { ConsumedQueue, type FailedDelivery } from "../../../core/queues/consumed-queue.ts";

/** A queue that keeps what it is told. */
function stage({ dlqFails = false, refused = [] as readonly string[], now = 0 } = {}) {
  const delays: Record<string, number> = {};
  const moved: SendMessageCommandInput[] = [];
  const sent: SendMessageBatchRequestEntry[] = [];
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
    if (command instanceof SendMessageBatchCommand) {
      const entries = command.input.Entries ?? [];
      sent.push(...entries.filter(({ MessageBody = "" }) => !refused.includes(MessageBody)));
      const failed = entries.filter(({ MessageBody = "" }) => refused.includes(MessageBody));
      return { Failed: failed.map(({ Id }) => ({ Id, Code: "Busy" })) };
    }
    return {};
  };
  const client = { send } as unknown as SQSClient;
  const clock = { now: () => now };
  const queue = new ConsumedQueue(client, { queue: "embed", dlq: "dlq" }, silentLog, clock);
  return { queue, delays, moved, sent };
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
  const { queue, delays } = stage({ dlqFails: true });
  expect(await queue.giveBack([failed("third", 3, true)])).toEqual(["third"]);
  expect(delays).toEqual({ third: 5 });
});

const hour = 3_600_000;
const deferred = (messageId: string, receives: number, sentTimestamp: number): FailedDelivery => ({
  ...failed(messageId, receives, false),
  body: messageId,
  sentTimestamp,
  deferSeconds: 11 * 3600,
});

test("F52: a message that is deferred for days is replaced before its queue gives it up", async () => {
  const now = 200 * hour;
  const { queue, delays, sent } = stage({ now });
  const messages = [
    deferred("young", 1, now - 47 * hour),
    deferred("old", 5, now - 48 * hour),
    deferred("often", 20, now),
    { ...failed("outage", 49, false), sentTimestamp: now - 90 * hour },
  ];
  // What is replaced is deleted: it is not among those to be redelivered.
  expect(await queue.giveBack(messages)).toEqual(["young", "outage"]);
  expect(sent).toEqual([
    { Id: "0", MessageBody: "old", DelaySeconds: 900 },
    { Id: "1", MessageBody: "often", DelaySeconds: 900 },
  ]);
  expect(delays).toEqual({ young: 11 * 3600, outage: 1_800 });
});

test("F52: a deferred message that cannot be replaced is kept", async () => {
  const { queue, delays, sent } = stage({ now: 200 * hour, refused: ["old"] });
  expect(await queue.giveBack([deferred("old", 5, 0), deferred("older", 5, 0)])).toEqual(["old"]);
  expect(sent.map(({ MessageBody }) => MessageBody)).toEqual(["older"]);
  expect(delays).toEqual({ old: 11 * 3600 });
});
