import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { type LocalServices, startLocalServices } from "./local-services.ts";

const writer = {
  name: "writer",
  accessKeyId: "writer",
  policies: [
    {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::bucket/mine/*" }],
    },
  ],
};
const Bucket = "bucket";
/** Larger than what is taken in at once, and no byte like the one beside it. */
const large = Buffer.from(Array.from({ length: 300_007 }, (_, index) => (index * 7) % 251));

let services: LocalServices;
let inThread: S3Client;
let direct: S3Client;

beforeAll(async () => {
  services = await startLocalServices([writer]);
  inThread = new S3Client({ ...services.client(), endpoint: services.objectsUrl });
  direct = new S3Client(services.client());
  await direct.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  inThread.destroy();
  direct.destroy();
  await services.stop();
});

async function bytesOf(s3: S3Client, Key: string, Range?: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, Range }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

test("what one front takes in the other gives out, whole and in ranges, and again", async () => {
  for (const [from, to] of [
    [inThread, direct],
    [direct, inThread],
  ] as const) {
    await from.send(new PutObjectCommand({ Bucket, Key: "large", Body: large }));
    expect(await bytesOf(to, "large")).toEqual(large);
    expect(await bytesOf(to, "large", "bytes=100000-200000")).toEqual(large.subarray(100_000, 200_001));
    expect(await bytesOf(to, "large")).toEqual(large);
    expect((await to.send(new HeadObjectCommand({ Bucket, Key: "large" }))).ETag).toBe(
      `"${createHash("md5").update(large).digest("hex")}"`,
    );
  }
});

test("small, empty and framed bodies come through as well", async () => {
  const framed = new PutObjectCommand({
    Bucket,
    Key: "framed",
    Body: Readable.from([large]),
    ContentLength: large.length,
  });
  const { ETag } = await inThread.send(framed);
  expect(ETag).toBe(`"${createHash("md5").update(large).digest("hex")}"`);
  expect(await bytesOf(direct, "framed")).toEqual(large);
  for (const Body of [Buffer.alloc(0), Buffer.from("some words")]) {
    await inThread.send(new PutObjectCommand({ Bucket, Key: "small", Body }));
    expect(await bytesOf(inThread, "small")).toEqual(Body);
  }
});

test("a digest that does not fit its body is refused, whatever its kind", async () => {
  const wrong = {
    ChecksumCRC32: "AAAAAA==",
    ChecksumSHA256: createHash("sha256").update("other").digest("base64"),
    ContentMD5: createHash("md5").update("other").digest("base64"),
  };
  for (const [name, value] of Object.entries(wrong)) {
    const put = new PutObjectCommand({ Bucket, Key: "wrong", Body: large, [name]: value });
    await expect(inThread.send(put)).rejects.toMatchObject({ name: "BadDigest" });
  }
  await expect(bytesOf(inThread, "wrong")).rejects.toMatchObject({ name: "NoSuchKey" });
});

test("of many that write a new key through both fronts, one wins", async () => {
  const puts = Array.from({ length: 10 }, (_, number) => {
    const put = new PutObjectCommand({ Bucket, Key: "once", Body: large, IfNoneMatch: "*" });
    return (number % 2 === 0 ? inThread : direct).send(put);
  });
  const outcomes = await Promise.allSettled(puts);
  expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBe(1);
});

test("a caller may do here what its role allows, and nothing else", async () => {
  const s3 = new S3Client({ ...services.client("writer"), endpoint: services.objectsUrl });
  await s3.send(new PutObjectCommand({ Bucket, Key: "mine/1", Body: "x" }));
  const put = new PutObjectCommand({ Bucket, Key: "others/1", Body: "x" });
  await expect(s3.send(put)).rejects.toMatchObject({ name: "AccessDenied" });
  s3.destroy();
});

test("a caller that hangs up is not waited for: what came afterwards is for the next one", async () => {
  const sqs = new SQSClient({ ...services.client(), endpoint: services.objectsUrl });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "queue" }));
  const hungUp = new AbortController();
  const polling = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), {
    abortSignal: hungUp.signal,
  });
  setTimeout(() => hungUp.abort(), 300);
  await expect(polling).rejects.toMatchObject({ name: "AbortError" });
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "for the next one" }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
  expect(Messages?.map(({ Body }) => Body)).toEqual(["for the next one"]);
  sqs.destroy();
});
