import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { ExecuteStatementCommand, RDSDataClient } from "@aws-sdk/client-rds-data";
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import sharp from "sharp";
import type { ImagesOutputs } from "../../cli/target.ts";
import { imageFlowAlone } from "../../local/image-flow-alone.ts";
import { nightly } from "../faults/nightly.ts";
import { eventually } from "./eventually.ts";
import { RunningStack } from "./running-stack.ts";
import { type CollectedSpan, SpanCollector } from "./span-collector.ts";

jest.setTimeout(240_000);

const samples = join(import.meta.dirname, "../../samples/images");
const seconds = 90;

let stack: RunningStack;
let collector: SpanCollector;
beforeAll(async () => {
  collector = await SpanCollector.start();
  stack = await RunningStack.start({ ...imageFlowAlone, "images:otlpEndpoint": collector.url });
});
afterAll(async () => {
  await stack.stop();
  collector.stop();
});

const run = (command: string, ...args: string[]) => stack.command(command, ...args);

async function search(text: string, ...options: string[]) {
  const { stdout } = await run("images", "search", text, "--json", ...options);
  return JSON.parse(stdout) as { mode: string; hits: { object_key: string; item_id: string }[] };
}

function images(): ImagesOutputs {
  if (stack.outputs.images === undefined) throw new Error("The stack has no image flow.");
  return stack.outputs.images;
}

const keysOf = (answer: { hits: { object_key: string }[] }) => answer.hits.map((hit) => hit.object_key);

test("an uploaded image is found by what it shows, and only by its user", async () => {
  await run("images", "upload", join(samples, "timetable-trains.jpg"));
  await run("images", "upload", join(samples, "recipe-chocolate-cake.jpg"));
  await run("images", "upload", join(samples, "timetable-ferry.jpg"), "--user", "alice");
  await eventually(seconds, async () => {
    expect((await run("verify", "images")).stdout).toContain("3 images, 3 items, 0 differences");
  });

  const trains = await search("train times");
  expect(trains.mode).toBe("hybrid");
  expect(keysOf(trains)[0]).toBe("demo/timetable-trains.jpg");
  expect(keysOf(await search("something sweet", "--mode", "vector"))[0]).toBe(
    "demo/recipe-chocolate-cake.jpg",
  );
  expect(keysOf(await search("timetable", "--user", "alice"))).toEqual(["alice/timetable-ferry.jpg"]);
  expect(keysOf(await search("ferry", "--mode", "lexical"))).toEqual([]);
});

test("show names the version, the model, the tokens and the renditions", async () => {
  const { stdout } = await run("images", "show", "demo/timetable-trains.jpg");
  expect(stdout).toMatch(/thumbnail {3}s3:\/\/.*\/demo\/timetable-trains\/[0-9A-F]+\/thumbnail\.jpg/);
  expect(stdout).toMatch(/1 +anthropic +local-ocr +\d+\+\d+ +[\d.]+ +[0-9a-f]{32} /);
  expect(stdout).toContain("of the newest analysis");
});

test("each call of a model is a span with its model and tokens, and without what was asked or answered", async () => {
  const { traceId, ...vision } = await callOf("image-analyzer", "chat local-ocr");
  expect(vision).toEqual({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "local-ocr",
    "gen_ai.response.model": "local-ocr",
    "gen_ai.response.id": expect.any(String),
    "gen_ai.usage.input_tokens": expect.any(Number),
    "gen_ai.usage.output_tokens": expect.any(Number),
  });
  const shown = await Promise.all(
    ["demo/timetable-trains.jpg", "demo/recipe-chocolate-cake.jpg", "alice/timetable-ferry.jpg"].map(
      async (key) => (await run("images", "show", key)).stdout,
    ),
  );
  expect(shown.join()).toContain(traceId);
  for (const service of ["image-embedder", "image-search"]) {
    const { traceId: _, ...embedding } = await callOf(service, "embeddings universal-sentence-encoder-lite");
    expect(embedding).toEqual({
      "gen_ai.operation.name": "embeddings",
      "gen_ai.provider.name": "voyageai",
      "gen_ai.request.model": "universal-sentence-encoder-lite",
      "gen_ai.response.model": "universal-sentence-encoder-lite",
      "gen_ai.usage.input_tokens": expect.any(Number),
    });
  }
  expect(JSON.stringify(collector.spans)).not.toMatch(/timetable|train times|something sweet|\/9j\//i);
  // Every request carries the header of images:otlpHeaders.
  expect(new Set(collector.apiKeys)).toEqual(new Set([expect.stringMatching(/^local-/)]));
  expect(collector.spans.map(({ service }) => service)).not.toContain("image-processor");
});

test.each(["processor", "analyzer", "embedder"] as const)(
  "the %s takes the test event of its runbook, and changes nothing",
  async (step) => {
    const event = await readFile(
      join(import.meta.dirname, `../../samples/events/image-${step}.json`),
      "utf8",
    );
    const payload = event.replaceAll("IMAGES_BUCKET", images().bucket);
    expect(await invoke(images().functions[step], payload)).toEqual({ batchItemFailures: [] });
  },
);

nightly("what is lost of an image is named, and repaired", async () => {
  await lose("delete from embeddings where item_id = 'timetable-trains'");
  await lose("delete from analyses where item_id = 'timetable-ferry'");
  await lose("delete from items where id = 'recipe-chocolate-cake'");
  await lose("update items set updated_at = now() - interval '1 day' where id = 'timetable-trains'");
  // What the alarm images-unfinished watches.
  expect(await invoke(images().functions.watch)).toEqual({ unfinished: 1 });
  const { stdout, code } = await run("verify", "images", "--repair");
  expect(stdout).toMatch(/embedding-missing +demo\/timetable-trains\.jpg/);
  expect(stdout).toMatch(/analysis-missing +alice\/timetable-ferry\.jpg/);
  expect(stdout).toMatch(/item-missing +demo\/recipe-chocolate-cake\.jpg/);
  expect(code).toBe(1);
  await eventually(seconds, async () => {
    expect((await run("verify", "images")).stdout).toContain("3 images, 3 items, 0 differences");
  });
  expect(keysOf(await search("something sweet", "--mode", "vector"))[0]).toBe(
    "demo/recipe-chocolate-cake.jpg",
  );
});

nightly("an image is analyzed again on request, and so are all of a user", async () => {
  await run("images", "reanalyse", "demo/timetable-trains.jpg");
  await run("images", "reanalyse", "--all", "--user", "alice");
  for (const [key, others] of [
    ["demo/timetable-trains.jpg", 2],
    ["alice/timetable-ferry.jpg", 2],
    ["demo/recipe-chocolate-cake.jpg", 1],
  ] as const) {
    await eventually(seconds, async () => {
      const shown = JSON.parse((await run("images", "show", key, "--json")).stdout);
      expect(shown.analyses).toHaveLength(others);
      expect(shown.item.embedded_analysis_id).toBe(shown.analyses[0].id);
    });
  }
});

nightly("an event that EventBridge could not deliver is listed with its reason, and replayed", async () => {
  const QueueUrl = images().queueUrls.analysis;
  const { Attributes } = await stack.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["Policy"] }),
  );
  await stack.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: "" } }));
  await run("images", "upload", join(samples, "ticket-museum.jpg"));
  await eventually(seconds, async () => {
    expect((await run("failed", "image-undelivered")).stdout).toMatch(
      /demo\/ticket-museum\.jpg.*NO_PERMISSIONS/s,
    );
  });
  await stack.sqs.send(
    new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: Attributes?.Policy ?? "" } }),
  );
  expect((await run("failed", "image-undelivered", "--retry", "--wait", "60")).stdout).toContain(
    "1 sent again",
  );
  await eventually(seconds, async () => {
    expect(keysOf(await search("museum", "--mode", "lexical"))).toContain("demo/ticket-museum.jpg");
  });
});

test("a file that is no image is listed in failed with its reason, until it is replaced and replayed", async () => {
  await put("demo/broken.jpg", Buffer.from("PK not an image"));
  await eventually(seconds, async () => {
    expect((await run("failed", "image-uploads-dead-letters")).stdout).toMatch(
      /demo\/broken\.jpg.*cannot be read/s,
    );
  });
  await put("demo/broken.jpg", await readFile(join(samples, "menu-ice-cream.jpg")));
  await run("failed", "image-uploads-dead-letters", "--retry", "--wait", "60");
  expect((await run("failed", "image-uploads-dead-letters")).code).toBe(0);
  await eventually(seconds, async () => {
    expect((await run("verify", "images")).stdout).toContain("0 differences");
  });
});

test("a deleted image is found no more, and nothing of it is left", async () => {
  const Bucket = images().bucket;
  await stack.s3.send(new DeleteObjectCommand({ Bucket, Key: "demo/recipe-chocolate-cake.jpg" }));
  await eventually(seconds, async () => {
    expect(keysOf(await search("cake"))).not.toContain("demo/recipe-chocolate-cake.jpg");
    const left = await stack.s3.send(
      new ListObjectsV2Command({
        Bucket: images().renditionsBucket,
        Prefix: "demo/recipe-chocolate-cake/",
      }),
    );
    expect(left.Contents ?? []).toEqual([]);
  });
});

test("an image that is replaced is found by its new content only", async () => {
  const red = sharp({ create: { width: 300, height: 200, channels: 3, background: "#c03030" } });
  await put("demo/changing.jpg", await red.jpeg().toBuffer());
  const menu = await sharp(join(samples, "menu-trattoria.jpg")).jpeg().toBuffer();
  await put("demo/changing.jpg", menu);
  await eventually(seconds, async () => {
    expect(keysOf(await search("trattoria menu", "--mode", "lexical"))).toContain("demo/changing.jpg");
  });
});

test("the search refuses what it does not know, and callers without a key", async () => {
  const refused = await run("images", "search", "x", "--k", "1000");
  expect(refused.stdout).toContain("422");
  const url = `${images().searchUrl}/images/search?q=x`;
  expect((await fetch(url)).status).toBe(403);
});

async function invoke(FunctionName: string, Payload = "{}"): Promise<unknown> {
  const lambda = new LambdaClient(stack.client);
  const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload }));
  lambda.destroy();
  return JSON.parse(Buffer.from(answer.Payload ?? []).toString());
}

/** The database as the functions reach it. */
async function lose(sql: string): Promise<void> {
  const { clusterArn: resourceArn, databaseSecretArn: secretArn, databaseName: database } = images();
  const client = new RDSDataClient(stack.client);
  await client.send(new ExecuteStatementCommand({ resourceArn, secretArn, database, sql }));
  client.destroy();
}

async function put(Key: string, Body: Uint8Array): Promise<void> {
  await stack.s3.send(new PutObjectCommand({ Bucket: images().bucket, Key, Body }));
}

/** Attributes of a call of a model, and its trace. */
async function callOf(service: string, name: string): Promise<Record<string, unknown>> {
  const isIt = (span: CollectedSpan) => span.service === service && span.name === name;
  await eventually(seconds, async () => expect(collector.spans.filter(isIt)).not.toEqual([]));
  const { traceId, attributes } = collector.spans.find(isIt) as CollectedSpan;
  const values = attributes.map(({ key, value }) => [key, Object.values(value)[0]]);
  return { traceId, ...Object.fromEntries(values) };
}
