import type { SQSEvent, SQSRecord } from "aws-lambda";
import type { Settings } from "../../../functions/compaction/environment.ts";
import { collectionOf, QueueUnknown, queuedMessage } from "../../../functions/compaction/event.ts";

const settings = {
  LINES_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/000000000000/shop-lines.fifo",
  WORDS_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/000000000000/shop-words.fifo",
} as Settings;

function record(queue: string): SQSRecord {
  return {
    messageId: "m-1",
    receiptHandle: "handle",
    body: "{}",
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "0",
      SenderId: "",
      ApproximateFirstReceiveTimestamp: "0",
      MessageGroupId: "group",
      MessageDeduplicationId: "event-1",
    },
    messageAttributes: { collection: { dataType: "String", stringValue: "words" } },
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: `arn:aws:sqs:eu-west-1:000000000000:${queue}`,
    awsRegion: "eu-west-1",
  };
}

const event = (queue: string): SQSEvent => ({ Records: [record(queue)] });

describe("an event of the compaction function", () => {
  test("is of the collection whose queue it came from", () => {
    expect(collectionOf(event("shop-lines.fifo"), settings)).toBe("lines");
    expect(collectionOf(event("shop-words.fifo"), settings)).toBe("words");
  });

  test("from another queue is refused by name", () => {
    expect(() => collectionOf(event("other-shop-lines.fifo"), settings)).toThrow(QueueUnknown);
    expect(() => collectionOf({ Records: [] }, settings)).toThrow("no queue");
  });

  test("keeps what a dead-letter queue needs of a message", () => {
    expect(queuedMessage(record("shop-words.fifo"))).toEqual({
      messageId: "m-1",
      receiptHandle: "handle",
      body: "{}",
      groupId: "group",
      deduplicationId: "event-1",
      attributes: { collection: "words" },
      receives: 1,
      delivered: true,
    });
  });
});
