import type { SQSEvent, SQSRecord } from "aws-lambda";
import type { CompactionConfig } from "../../../core/collections/host/collections-config.ts";
import { queuedMessage } from "../../../core/collections/messages/queued-message.ts";
import { shardQueues } from "../../../core/collections/messages/shard-queues.ts";
import { QueueUnknownError, sourceOf } from "../../../functions/compaction/event.ts";

const url = (name: string) => `https://sqs.eu-west-1.amazonaws.com/000000000000/${name}.fifo`;

/** The queues of a stack whose collections have these shards. */
function shardsOf(lines: readonly string[], words: readonly string[]) {
  return shardQueues({
    LINES_QUEUE_URLS: lines.map((shard) => url(`shop-${shard}`)),
    WORDS_QUEUE_URLS: words.map((shard) => url(`shop-${shard}`)),
    LINES_DEAD_LETTER_QUEUE_URLS: lines.map((shard) => url(`shop-${shard}-dead-letters`)),
    WORDS_DEAD_LETTER_QUEUE_URLS: words.map((shard) => url(`shop-${shard}-dead-letters`)),
  } as CompactionConfig);
}
const whole = shardsOf(["lines"], ["words"]);

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
    expect(sourceOf(event("shop-lines.fifo"), whole).shard).toBe("lines");
    expect(sourceOf(event("shop-words.fifo"), whole).shard).toBe("words");
  });

  test("is of the shard whose queue it came from, which has dead letters of its own", () => {
    const split = shardsOf(["lines-1of2", "lines-2of2"], ["words-1of2", "words-2of2"]);
    for (const shard of ["lines-1of2", "lines-2of2", "words-1of2", "words-2of2"]) {
      expect(sourceOf(event(`shop-${shard}.fifo`), split)).toEqual({
        shard,
        queue: url(`shop-${shard}`),
        deadLetters: url(`shop-${shard}-dead-letters`),
      });
    }
    expect(() => sourceOf(event("shop-lines.fifo"), split)).toThrow(QueueUnknownError);
  });

  test("from another queue is refused by name", () => {
    expect(() => sourceOf(event("other-shop-lines.fifo"), whole)).toThrow(QueueUnknownError);
    expect(() => sourceOf({ Records: [] }, whole)).toThrow("no queue");
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
