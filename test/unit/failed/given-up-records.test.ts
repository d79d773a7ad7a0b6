import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import type { QueuePublisher } from "../../../core/changes/queue-publisher.ts";
import { GivenUpRecords } from "../../../core/failed/given-up-records.ts";
import { image, sortKeys, streamRecord } from "../changes/stream-records.ts";

const at = "2026-11-25T10:00:00.000Z";
const removal = streamRecord(sortKeys.RECEIPT_WORD, { before: {} });
const unknown = streamRecord("RECEIPT#7#METADATA", { before: {}, after: {} }, "101");

let objects: Map<string, string>;
let happened: string[];
let queueIsDown: boolean;

beforeEach(() => {
  objects = new Map();
  happened = [];
  queueIsDown = false;
});

function givenUp(name: string, records: readonly object[]): void {
  const requestContext = { requestId: "1", condition: "RetryAttemptsExhausted", approximateInvokeCount: 4 };
  const payload = JSON.stringify({ Records: records });
  objects.set(`given-up/${name}`, JSON.stringify({ requestContext, timestamp: at, payload }));
}

function source(): GivenUpRecords {
  const send = async (command: unknown) => {
    if (command instanceof ListObjectsV2Command) {
      const keys = [...objects.keys()].filter((key) => key.startsWith(command.input.Prefix ?? ""));
      return { Contents: keys.map((Key) => ({ Key, LastModified: new Date(at) })) };
    }
    const { Key = "" } = (command as GetObjectCommand | DeleteObjectCommand).input;
    if (command instanceof GetObjectCommand) {
      return { Body: { transformToString: async () => objects.get(Key) ?? "" } };
    }
    if (!(command instanceof DeleteObjectCommand)) throw new Error("This bucket knows no such call.");
    happened.push("deleted");
    objects.delete(Key);
    return {};
  };
  // The paginator takes nothing but a client.
  const s3 = Object.assign(new S3Client({ region: "eu-west-1" }), { send });
  const queue = {
    send: async () => {
      if (queueIsDown) throw new Error("The queue is down.");
      happened.push("sent");
    },
  } as unknown as QueuePublisher;
  const replay = {
    queues: { lines: [queue], words: [queue] },
    itemNow: async () => ({ PK: { S: "IMAGE" }, SK: { S: "RECEIPT" } }),
  };
  return new GivenUpRecords({ s3, bucket: "deltas", prefix: "given-up/", replay });
}

test("an object is listed with what it holds and why Lambda gave it up", async () => {
  givenUp("a", [removal, unknown]);
  expect(await source().list(100)).toEqual({
    total: 1,
    things: [
      {
        id: "given-up/a",
        since: at,
        image_id: image,
        receipt_id: 7,
        entity: "RECEIPT_WORD line 2 word 3 and 1 more records",
        reason: "RetryAttemptsExhausted after 4 tries",
      },
    ],
  });
});

test("its records are in the queues before it is deleted", async () => {
  givenUp("a", [removal]);
  expect(await source().retry()).toEqual({ retried: 1, stayed: [], untouched: 0 });
  expect(happened).toEqual(["sent", "deleted"]);
});

test("it stays whole while one of its records cannot be read or sent", async () => {
  givenUp("a", [removal, unknown]);
  expect(await source().retry()).toMatchObject({
    retried: 0,
    stayed: [{ reason: expect.stringMatching(/^1 of 2 records cannot be replayed; .*matches no known key/) }],
  });
  queueIsDown = true;
  givenUp("a", [removal]);
  expect(await source().retry()).toMatchObject({
    stayed: [{ reason: expect.stringContaining("The queue is down") }],
  });
  expect(objects.size).toBe(1);
});

test("what Lambda did not write is shown and stays", async () => {
  objects.set("given-up/b", "no JSON");
  const { stayed } = await source().retry();
  expect(stayed).toMatchObject([
    { id: "given-up/b", reason: expect.stringMatching(/^It is not a failure record of Lambda/) },
  ]);
});
