import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { Context, DynamoDBStreamEvent } from "aws-lambda";
import { sortKeys, streamRecord } from "../../unit/changes/stream-records.ts";

const context = {
  functionName: "stream-processor",
  getRemainingTimeInMillis: () => 60_000,
} as unknown as Context;
const unknownFields = {
  WATCHED_METADATA_FIELDS: "merchant_nmae",
  WATCHED_PLACE_FIELDS: "",
  WATCHED_LABEL_FIELDS: "",
};

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageDeduplicationId?: string;
}

let server: Server;
/** Deduplication ids that a queue has taken, and those that it refuses. */
const taken: string[] = [];
const refused = new Set<string>();

beforeAll(async () => {
  server = createServer(async (request, answer) => {
    const { Entries } = (await json(request)) as { Entries: Entry[] };
    const isRefused = ({ MessageDeduplicationId = "" }: Entry) => refused.has(MessageDeduplicationId);
    const good = Entries.filter((entry) => !isRefused(entry));
    taken.push(...good.map(({ MessageDeduplicationId = "" }) => MessageDeduplicationId));
    const Successful = good.map(({ Id, MessageBody }) => ({
      Id,
      MessageId: Id,
      MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
    }));
    const Failed = Entries.filter(isRefused).map(({ Id }) => ({
      Id,
      Code: "InternalError",
      SenderFault: false,
    }));
    answer
      .setHeader("content-type", "application/x-amz-json-1.0")
      .end(JSON.stringify({ Successful, Failed }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_ENDPOINT_URL_SQS: url,
    LINES_QUEUE_URLS: `${url}/1/lines.fifo`,
    WORDS_QUEUE_URLS: `${url}/1/words.fifo`,
    STREAM_REJECTED_QUEUE_URL: `${url}/1/rejected`,
    WATCHED_ENTITIES: "COMPACTION_RUN,RECEIPT_METADATA,RECEIPT_WORD_LABEL",
    WATCHED_METADATA_FIELDS: "merchant_name",
    WATCHED_PLACE_FIELDS: "merchant_name",
    WATCHED_LABEL_FIELDS: "validation_status",
    POWERTOOLS_METRICS_NAMESPACE: "test",
    POWERTOOLS_METRICS_DISABLED: "true",
    POWERTOOLS_DEV: "false",
  });
});
afterAll(() => server.close());
afterEach(() => {
  taken.length = 0;
  refused.clear();
});

/** Three changes of one receipt. Sequence numbers are what DynamoDB makes of them: far beyond 2^53. */
const sequences = [
  "49590338271490256608559692538361571095921575989136588801",
  "49590338271490256608559692538361571095921575989136588802",
  "49590338271490256608559692538361571095921575989136588803",
];
const event = {
  Records: sequences.map((sequence) =>
    streamRecord(sortKeys.RECEIPT_METADATA, { after: { merchant_name: sequence.slice(-1) } }, sequence),
  ),
} as unknown as DynamoDBStreamEvent;

test("an invocation without a failure answers an empty list", async () => {
  const { handler } = await import("../../../functions/stream-processor/handler.ts");
  expect(await handler(event, context)).toEqual({ batchItemFailures: [] });
  expect(taken).toHaveLength(6);
});

test("F14: the answer names the first failed record by its sequence number; F7: all others are in their queues", async () => {
  const { handler } = await import("../../../functions/stream-processor/handler.ts");
  refused.add(`event-${sequences[1]}`);
  expect(await handler(event, context)).toEqual({ batchItemFailures: [{ itemIdentifier: sequences[1] }] });
  expect(new Set(taken)).toEqual(new Set([`event-${sequences[0]}`, `event-${sequences[2]}`]));
});

test("a queue that is not set, and fields that do not exist, are all named when the process starts", async () => {
  const { LINES_QUEUE_URLS, ...others } = process.env;
  const before = { ...process.env };
  process.env = { ...others, ...unknownFields };
  jest.resetModules();
  const start = import("../../../functions/stream-processor/handler.ts");
  await expect(start).rejects.toThrow(/LINES_QUEUE_URLS.*WATCHED_METADATA_FIELDS/s);
  process.env = before;
  expect(LINES_QUEUE_URLS).toBeDefined();
});
