import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, PurgeQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { analysisCompleteEvent, imageProcessedEvent } from "../../../contract/images.ts";
import { Analyses } from "../../../core/images/database/analyses.ts";
import { Embeddings } from "../../../core/images/database/embeddings.ts";
import { ItemStates } from "../../../core/images/database/item-states.ts";
import { Items } from "../../../core/images/database/items.ts";
import { analysisComplete, imageProcessed, parseFlowEvent } from "../../../core/images/events/flow-events.ts";
import { parseImageKey } from "../../../core/images/events/image-key.ts";
import { renditionKeys } from "../../../core/images/events/rendition-keys.ts";
import { paddedSequencer } from "../../../core/images/events/sequencer.ts";
import { type ResendDeps, repairImage, sendForAnalysis } from "../../../core/images/verify/resend.ts";
import { verifyImages } from "../../../core/images/verify/verify-images.ts";
import { watchImages } from "../../../core/images/watch/watch-images.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { type LocalServices, startLocalServices } from "../../conformance/local-services.ts";
import { dimensions, emptyDatabase, migrated, type TestDatabase } from "./pglite-database.ts";
import { someAnalysis } from "./some-analysis.ts";

const bucket = "images";
const renditionsBucket = "renditions";
const sha = "a".repeat(64);

describe("verifying and repairing the image flow", () => {
  let services: LocalServices;
  let database: TestDatabase;
  let s3: S3Client;
  let sqs: SQSClient;
  let deps: ResendDeps;
  let states: ItemStates;
  const called: (string | undefined)[] = [];

  beforeAll(async () => {
    [services, database] = await Promise.all([startLocalServices(), emptyDatabase()]);
    await migrated(database);
    s3 = new S3Client(services.client());
    s3.middlewareStack.add((next, { commandName }) => (args) => {
      called.push(commandName);
      return next(args);
    });
    sqs = new SQSClient(services.client());
    for (const Bucket of [bucket, renditionsBucket]) await s3.send(new CreateBucketCommand({ Bucket }));
    const queue = async (QueueName: string) =>
      (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? "";
    states = new ItemStates(database);
    deps = {
      s3,
      sqs,
      items: new Items(database),
      renditionsBucket,
      queueUrls: { analysis: await queue("analysis"), embedding: await queue("embedding") },
    };
  });
  beforeEach(async () => {
    called.length = 0;
    await database.execute("delete from items");
    for (const QueueUrl of Object.values(deps.queueUrls)) await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    for (const Bucket of [bucket, renditionsBucket]) {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
      for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    }
  });
  afterAll(async () => {
    s3.destroy();
    sqs.destroy();
    await Promise.all([services.stop(), database.close()]);
  });

  const put = async (Key: string, Bucket = bucket) =>
    (await s3.send(new PutObjectCommand({ Bucket, Key, Body: "jpeg" }))).ETag ?? "";
  const keysIn = async (Bucket: string) =>
    ((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key);

  /** An item as far as these steps: its object, its renditions, its analysis, its vector. */
  async function item(
    key: string,
    steps: { object?: boolean; copy?: boolean; analysis?: boolean; vector?: boolean },
  ) {
    const { userId, name, ownId } = parseImageKey(bucket, key);
    const sequencer = paddedSequencer("01");
    const etag = steps.object === false ? "e" : await put(key);
    const { id } = await deps.items.recordCreated(
      { bucket, key, userId, name, ownId, sequencer },
      { etag, contentSha256: sha, mimeType: "image/jpeg", bytes: 4, width: 1, height: 1 },
    );
    if (steps.copy !== false) {
      for (const rendition of Object.values(renditionKeys(userId, id, sequencer))) {
        await put(rendition, renditionsBucket);
      }
    }
    const analysisId = `analysis of ${id}`;
    if (steps.analysis !== false) {
      await new Analyses(database).store(
        { analysisId, inputHash: id, contentSha256: sha, itemId: id, userId, sequencer },
        someAnalysis(),
      );
    }
    if (steps.analysis !== false && steps.vector !== false) {
      const embeddings = new Embeddings(database);
      const source = await embeddings.source(userId, analysisId, "m");
      if (source === undefined) throw new Error("the analysis is missing");
      const vector = [1, ...new Array<number>(dimensions - 1).fill(0)];
      await embeddings.store(source, { vector, model: "m", document: "d" });
    }
    return id;
  }

  async function repaired() {
    const { findings } = await verifyImages({ s3, bucket, states });
    for (const finding of findings) await repairImage(finding, deps);
    return findings.map(({ kind }) => kind);
  }

  async function received(QueueUrl: string) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    return Messages.map(({ Body = "" }) => Body);
  }

  test("a whole image has no difference", async () => {
    await item("ann/whole.jpg", {});
    expect(await verifyImages({ s3, bucket, states })).toEqual({ objects: 1, items: 1, findings: [] });
  });

  test("images that should long be finished are counted, and only those", async () => {
    const old = ["a", "b", "c", "d"];
    await item("ann/a.jpg", {});
    await item("ann/b.jpg", { vector: false });
    await item("ann/c.jpg", { analysis: false });
    const deletedId = await item("ann/d.jpg", { analysis: false });
    await item("ann/new.jpg", { analysis: false });
    await database.execute("update items set deleted = true where id = :id", { id: deletedId });
    for (const id of old) {
      await database.execute("update items set updated_at = now() - interval '61 minutes' where id = :id", {
        id,
      });
    }
    const gauges: [string, number][] = [];
    const metrics = {
      ...silentMetrics,
      gauge: (name: string, value: number) => void gauges.push([name, value]),
    };
    expect(await watchImages({ states, minutes: 60, metrics })).toBe(2);
    expect(await watchImages({ states, minutes: 90, metrics })).toBe(0);
    // Zero is not written, because CloudWatch bills each hour with a value.
    expect(gauges).toEqual([["ImagesUnfinished", 2]]);
  });

  test("an object without an item is touched, which keeps what it says of itself", async () => {
    const Key = "ann/a b+c.jpg";
    const own = { Metadata: { album: "summer" }, ContentType: "image/jpeg", CacheControl: "max-age=60" };
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: "jpeg", ...own }));
    const before = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    expect(await repaired()).toEqual(["item-missing"]);
    const after = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    expect(after).toMatchObject({ ...own, ETag: before.ETag });
  });

  test("an item whose object is gone is forgotten with its analyses, its vector and its renditions", async () => {
    await item("ann/extra.jpg", { object: false });
    expect(await repaired()).toEqual(["item-extra"]);
    expect(await verifyImages({ s3, bucket, states })).toEqual({ objects: 0, items: 0, findings: [] });
    expect(await keysIn(renditionsBucket)).toEqual([]);
  });

  test("an item without an analysis is sent to the analyzer", async () => {
    const id = await item("ann/unanalyzed.jpg", { analysis: false });
    expect(await repaired()).toEqual(["analysis-missing"]);
    const [body = ""] = await received(deps.queueUrls.analysis);
    expect(parseFlowEvent(body, imageProcessedEvent.detailType, imageProcessed)).toMatchObject({
      item_id: id,
      analysis_key: "ann/unanalyzed/01/analysis.jpg",
      content_sha256: sha,
    });
  });

  test("an image whose analysis copy has expired is rendered again instead", async () => {
    await item("ann/expired.jpg", { analysis: false, copy: false });
    const Key = "ann/expired.jpg";
    const state = await states.find(Key);
    if (state === undefined) throw new Error("there is no item");
    expect(await sendForAnalysis(state, deps, "r")).toBe("rendered-again");
    expect(await received(deps.queueUrls.analysis)).toEqual([]);
    expect(called).toContain("CopyObjectCommand");
    expect(await repaired()).toEqual(["analysis-missing"]);
    expect(await received(deps.queueUrls.analysis)).toEqual([]);
  });

  test("an analysis without its vector is sent to the embedder", async () => {
    const id = await item("ann/unembedded.jpg", { vector: false });
    expect(await repaired()).toEqual(["embedding-missing"]);
    const [body = ""] = await received(deps.queueUrls.embedding);
    expect(parseFlowEvent(body, analysisCompleteEvent.detailType, analysisComplete)).toMatchObject({
      item_id: id,
      analysis_id: `analysis of ${id}`,
    });
  });

  test("an item of another version of its object is touched", async () => {
    await item("ann/stale.jpg", {});
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "ann/stale.jpg", Body: "other" }));
    expect(await repaired()).toEqual(["item-stale"]);
  });
});
