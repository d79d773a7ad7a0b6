import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import sharp from "sharp";
import * as z from "zod";
import { Items } from "../../../core/images/database/items.ts";
import type { ImageProcessed } from "../../../core/images/events/flow-events.ts";
import type { ObjectChange } from "../../../core/images/events/object-events.ts";
import { paddedSequencer } from "../../../core/images/events/sequencer.ts";
import { type ProcessDeps, processChange } from "../../../core/images/process/process-change.ts";
import { processUploads } from "../../../core/images/process/process-uploads.ts";
import { Renditions } from "../../../core/images/process/renditions.ts";
import { silentLog } from "../../../core/log.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { ConsumedQueue } from "../../../core/queues/consumed-queue.ts";
import { type LocalServices, startLocalServices } from "../../conformance/local-services.ts";
import { emptyDatabase, migrated, type TestDatabase } from "./pglite-database.ts";

const bucket = "images";
const limits = { maxPixels: 1_000_000, maxBytes: 1_000_000, heic: true };

describe("processing the changes of objects", () => {
  let services: LocalServices;
  let database: TestDatabase;
  let s3: S3Client;
  let sqs: SQSClient;
  let deps: ProcessDeps;
  let published: ImageProcessed[];

  beforeAll(async () => {
    [services, database] = await Promise.all([startLocalServices(), emptyDatabase()]);
    await migrated(database);
    s3 = new S3Client(services.client());
    sqs = new SQSClient(services.client());
    for (const Bucket of [bucket, "renditions"]) await s3.send(new CreateBucketCommand({ Bucket }));
  });
  beforeEach(() => {
    published = [];
    deps = {
      s3,
      items: new Items(database),
      renditions: new Renditions({ s3, bucket: "renditions" }),
      events: { publish: async ({ detail }) => void published.push(detail as ImageProcessed) },
      limits,
    };
  });
  afterAll(async () => {
    s3.destroy();
    sqs.destroy();
    await Promise.all([services.stop(), database.close()]);
  });

  const created = (key: string, sequencer: string, more: Partial<ObjectChange> = {}): ObjectChange => ({
    kind: "created",
    bucket,
    key,
    sequencer: paddedSequencer(sequencer),
    size: undefined,
    etag: undefined,
    ...more,
  });
  const deleted = (key: string, sequencer: string) => created(key, sequencer, { kind: "deleted" });

  const put = async (Key: string, Body: Uint8Array) =>
    (await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))).ETag;
  const renditionsOf = async (Prefix: string) =>
    ((await s3.send(new ListObjectsV2Command({ Bucket: "renditions", Prefix }))).Contents ?? []).map(
      ({ Key }) => Key,
    );
  const isDeleted = async (key: string) => {
    const rows = await database.query(
      z.object({ deleted: z.boolean() }),
      "select deleted from items where object_key = :key",
      { key },
    );
    return rows[0]?.deleted;
  };

  test("an upload gets its item, its renditions and its event", async () => {
    await put("ann/a.png", await image("red"));
    expect(await processChange(created("ann/a.png", "01"), deps)).toBe("processed");
    expect(published).toMatchObject([
      {
        item_id: "a",
        user_id: "ann",
        original_key: "ann/a.png",
        thumbnail_key: "ann/a/01/thumbnail.jpg",
        analysis_key: "ann/a/01/analysis.jpg",
      },
    ]);
    expect(await renditionsOf("ann/a/")).toEqual(["ann/a/01/analysis.jpg", "ann/a/01/thumbnail.jpg"]);
  });

  test("F53: the expiry of an old version deletes nothing of an object that is still there", async () => {
    await put("ann/kept.png", await image("red"));
    await processChange(created("ann/kept.png", "01"), deps);
    expect(await processChange(deleted("ann/kept.png", "05"), deps)).toBe("superseded");
    expect(await isDeleted("ann/kept.png")).toBe(false);
    expect(await renditionsOf("ann/kept/")).toHaveLength(2);
  });

  test("a deleted object takes its item and renditions with it, whatever comes late", async () => {
    await put("ann/gone.png", await image("red"));
    await processChange(created("ann/gone.png", "01"), deps);
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "ann/gone.png" }));
    expect(await processChange(deleted("ann/gone.png", "02"), deps)).toBe("deleted");
    expect(await isDeleted("ann/gone.png")).toBe(true);
    expect(await renditionsOf("ann/gone/")).toEqual([]);
    expect(await processChange(created("ann/gone.png", "01"), deps)).toBe("superseded");
    expect(await isDeleted("ann/gone.png")).toBe(true);
  });

  test.each(["before", "after"])(
    "F56: renditions that are written after a deletion are removed, also if the process ends %s it looks",
    async (when) => {
      const key = `ann/late-${when}.png`;
      await put(key, await image("red"));
      // The deletion comes between the item and its renditions.
      const renditions = new Renditions({ s3, bucket: "renditions" });
      const write = renditions.write.bind(renditions);
      renditions.write = async (keys, rendered) => {
        await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
        expect(await processChange(deleted(key, "02"), deps)).toBe("deleted");
        await write(keys, rendered);
        if (when === "before") throw new Error("The process ends.");
      };
      const outcome = await processChange(created(key, "01"), { ...deps, renditions }).catch(
        (error: Error) => error.message,
      );
      if (when === "before") {
        expect(outcome).toBe("The process ends.");
        expect(await processChange(created(key, "01"), deps)).toBe("superseded");
      } else expect(outcome).toBe("superseded");
      expect(published).toEqual([]);
      expect(await renditionsOf(key.replace(".png", "/"))).toEqual([]);
    },
  );

  test("the event of a version that was replaced waits for that of the newer one", async () => {
    const etag = await put("ann/twice.png", await image("red"));
    await put("ann/twice.png", await image("blue"));
    expect(await processChange(created("ann/twice.png", "01", { etag }), deps)).toBe("superseded");
    expect(await processChange(created("ann/twice.png", "02"), deps)).toBe("processed");
    // The event of version 1, without an ETag, arrives after that of version 2.
    expect(await processChange(created("ann/twice.png", "01"), deps)).toBe("superseded");
    expect(published).toHaveLength(1);
    expect(await renditionsOf("ann/twice/")).toEqual([
      "ann/twice/02/analysis.jpg",
      "ann/twice/02/thumbnail.jpg",
    ]);
  });

  test("a poison image is counted once, when it moves to the dead-letter queue", async () => {
    await put("ann/poison.png", Buffer.from("PK no image"));
    const detail = { bucket: { name: bucket }, object: { key: "ann/poison.png", sequencer: "01" } };
    const body = JSON.stringify({ source: "aws.s3", "detail-type": "Object Created", detail });
    const counts: string[] = [];
    const metrics = { ...silentMetrics, count: (name: string) => void counts.push(name) };
    const QueueUrl = async (QueueName: string) =>
      (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? "";
    const urls = { queue: await QueueUrl("uploads"), dlq: await QueueUrl("uploads-dlq") };
    const queue = new ConsumedQueue(sqs, urls, silentLog);
    const receive = (receives: number) =>
      processUploads([{ messageId: "m", receiptHandle: "r", body, sentTimestamp: 0, receives }], {
        ...deps,
        queue,
        metrics,
        log: silentLog,
      });
    expect([await receive(1), await receive(2)]).toEqual([["m"], ["m"]]);
    expect(counts).toEqual([]);
    expect(await receive(3)).toEqual([]);
    expect(counts).toEqual(["ImagesRejected"]);
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: urls.dlq, MessageAttributeNames: ["All"] }),
    );
    expect(Messages[0]?.MessageAttributes?.failure_reason?.StringValue).toContain("cannot be read");
  });

  test("an object of 0 bytes, and one over the limit, are refused before they are decoded", async () => {
    await put("ann/empty.png", new Uint8Array());
    await expect(processChange(created("ann/empty.png", "01"), deps)).rejects.toMatchObject({
      code: "VK_IMAGE_UNREADABLE",
    });
    await put("ann/large.png", await image("red"));
    const tight = { ...deps, limits: { ...limits, maxBytes: 10 } };
    await expect(processChange(created("ann/large.png", "01"), tight)).rejects.toMatchObject({
      code: "VK_IMAGE_TOO_LARGE",
    });
    expect(await isDeleted("ann/large.png")).toBeUndefined();
  });
});

function image(background: string): Promise<Buffer> {
  return sharp({ create: { width: 60, height: 40, channels: 3, background } })
    .png()
    .toBuffer();
}
