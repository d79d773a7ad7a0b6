import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand } from "@aws-sdk/client-s3";
import { ChromaClient } from "chromadb";
import { collections } from "../../contract/collections.ts";
import { ChromaServer } from "../../core/collections/chroma/chroma-server.ts";
import { shardOf } from "../../core/documents/shards.ts";
import type { OcrFiles } from "../../core/ingest/export-receipt.ts";
import { laterChromaLibrary } from "../unit/collections/later-chroma.ts";
import { noMessageIsLeft, nothingWasRefused } from "./looking.ts";
import { publishedIds, shardsOf } from "./published.ts";
import { isPublishedExactly } from "./published-exactly.ts";
import { keysOf, put, remove } from "./receipt-items.ts";
import { ocrFiles } from "./receipt-rows.ts";
import { RunningStack } from "./running-stack.ts";
import { completed, planned, send } from "./sending.ts";
import { finds, shows } from "./showing.ts";

jest.setTimeout(300_000);

/** Receipts of three images that the first of two shards holds, and of three that the second holds. */
const receipts = ["lines-1of2", "lines-2of2"].flatMap((shard) =>
  ["MILL BAKERY", "NORTH PHARMACY", "QUAY MARKET"].map((shop, n) =>
    ocrFiles([shop, `ITEM ${n} 4.10`, "TOTAL 4.10"], imageOf(shard)),
  ),
);
const [first, , , second] = receipts as [OcrFiles, OcrFiles, OcrFiles, OcrFiles];
let stack: RunningStack;

function imageOf(shard: string): string {
  for (;;) {
    const imageId = randomUUID();
    if (shardOf("lines", imageId, 2) === shard) return imageId;
  }
}

function linesOf(some: readonly OcrFiles[]): string[] {
  return some.flatMap((files) => planned(files).lines.map(({ id }) => id));
}

beforeAll(async () => {
  stack = await RunningStack.start({ "compaction:collectionShards": "2" });
  await send(stack, ...receipts);
});

afterAll(async () => {
  await stack?.stop();
});

test("receipts of several images end in the shards of their images, each exactly once", async () => {
  for (const files of receipts) await completed(stack, files);
  await noMessageIsLeft(stack);
  for (const files of [first, second]) {
    await isPublishedExactly(stack, files, await completed(stack, files));
  }
  for (const collection of collections) {
    for (const shard of shardsOf(stack, collection)) {
      const held = receipts.filter(({ imageId }) => shardOf(collection, imageId, 2) === shard);
      expect(held).toHaveLength(3);
      const ids = held.flatMap((files) => planned(files)[collection].map(({ id }) => id));
      expect((await publishedIds(stack, shard, receipts)).sort()).toEqual(ids.sort());
    }
  }
  const folders = ["lines-1of2", "lines-2of2", "words-1of2", "words-2of2"];
  expect((await readdir(stack.collectionsPath)).sort()).toEqual(folders);
});

const byVector = ["--mode", "dense", "--group", "line"];

test("a search finds the lines of both shards, the best of all first", async () => {
  await finds(stack, [], linesOf(receipts));
  const [line] = planned(first).lines;
  const { generations, hits } = await stack.search(line?.text ?? "", "--k", "100", ...byVector);
  expect(generations).toEqual({ "lines-1of2": expect.any(Number), "lines-2of2": expect.any(Number) });
  expect(hits.map(({ score }) => score)).toEqual(hits.map(({ score }) => score).sort((a, b) => b - a));
  // The same text stands first on a receipt of each shard.
  const best = await stack.search(line?.text ?? "", "--k", "2", ...byVector);
  expect(new Set(best.hits.map(({ image_id }) => image_id))).toEqual(
    new Set([first.imageId, second.imageId]),
  );
  expect(best.hits).toEqual(hits.slice(0, 2));
});

test("the shards of a collection are exported as one Chroma folder, and as an archive in a bucket", async () => {
  const folder = join(stack.folder, "export");
  const exported = await stack.command("generations", "lines", "--export", folder);
  expect(exported).toMatchObject({ code: 0, stdout: expect.stringContaining(`are in ${folder}/lines.`) });
  const lines = linesOf(receipts).sort();
  const server = await ChromaServer.start({
    library: await laterChromaLibrary(),
    path: join(folder, "lines"),
  });
  try {
    const client = new ChromaClient({ host: server.host, port: server.port, ssl: false });
    const collection = await client.getCollection({ name: "lines" });
    expect((await collection.get()).ids.sort()).toEqual(lines);
  } finally {
    await server.stop("SIGKILL");
  }
  expect(await stack.command("generations", "lines", "--export", folder)).toMatchObject({ code: 1 });

  const Bucket = "of-other-readers";
  await stack.s3.send(new CreateBucketCommand({ Bucket }));
  const copied = await stack.command("generations", "lines", "--export", `s3://${Bucket}/here`, "--json");
  expect(JSON.parse(copied.stdout)).toMatchObject({ collection: "lines", vectors: lines.length });
  const { Body } = await stack.s3.send(new GetObjectCommand({ Bucket, Key: "here/lines/latest.json" }));
  const latest = JSON.parse((await Body?.transformToString()) ?? "");
  expect(latest).toMatchObject({ sequence: 1, generations: { "lines-1of2": expect.any(String) } });
  const archive = new GetObjectCommand({ Bucket, Key: `here/lines/${latest.archive}` });
  expect((await stack.s3.send(archive)).ContentLength).toBe(JSON.parse(copied.stdout).archive.bytes);
});

test("a change reaches the shard of its receipt, and the search finds by it in each", async () => {
  await put(stack, keysOf(first).metadata, { merchant_name: "Same Name" });
  await put(stack, keysOf(second).metadata, { merchant_name: "Same Name" });
  await put(stack, keysOf(second).label(3, 2, "TOTAL"), { validation_status: "VALID" });
  await shows(stack, first, { merchant: { merchant_name: "Same Name" } });
  await shows(stack, second, {
    merchant: { merchant_name: "Same Name" },
    words: { "#LINE#00003#WORD#00002": { label_status: "validated", label_TOTAL: true } },
  });
  await finds(stack, ["--merchant", "Same Name"], linesOf([first, second]));
});

test("a removed receipt leaves its shard, and the others stay as they were", async () => {
  await put(stack, keysOf(first).receipt);
  await remove(stack, keysOf(first).receipt);
  await shows(stack, first, { gone: /./ });
  await finds(stack, ["--merchant", "Same Name"], linesOf([second]));
});

test("no process of the stack was refused anything", () => nothingWasRefused(stack));
