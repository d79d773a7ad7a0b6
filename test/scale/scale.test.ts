import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { type CompactionProcess, OneCollection } from "../../bench/compaction/one-collection.ts";
import { PeakMemory } from "../../bench/peak-memory.ts";
import { encodeDelta } from "../../core/deltas/codec.ts";
import { deltaKey, deltaPrefix } from "../../core/deltas/keys.ts";
import type { Embedder } from "../../core/embedding/embedder.ts";
import { CurrentItems } from "../../core/entities/current-items.ts";
import { silentLog } from "../../core/log.ts";
import { silentMetrics } from "../../core/metrics.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { inParallel } from "../../core/resilience/in-parallel.ts";
import { ChromaGenerations } from "../../core/search/chroma-generations.ts";
import { QueryService } from "../../core/search/query-service.ts";
import type { SearchAnswer } from "../../core/search/search.ts";
import { backlogOf } from "../../core/verify/settle.ts";
import { verifyShard } from "../../core/verify/verify-shard.ts";
import { writeChromaLibrary } from "../../infra/bundles/chroma-library.ts";
import { type DueReceipt, expectVerified } from "./expect-verified.ts";

import {
  deltaAt,
  dimensions,
  lineIdAt,
  linesPerReceipt,
  model,
  nearLine,
  receiptAt,
} from "./random-receipts.ts";

jest.setTimeout(3_600_000);

/** Fewer for a quick try. */
const vectors = Number(process.env.SCALE_VECTORS ?? 100_000);
const receipts = Math.ceil(vectors / linesPerReceipt);
const cycles = 5;
const maxBytes = 4e9;
const queries = 20;
const callsAtOnce = 16;
const maxVerifyMs = 1_800_000;

/** Changed and removed after all was merged. */
const renamed = [1, 3].filter((receipt) => receipt < receipts);
const merchant = { merchant_name: "Corner Shop", canonical_merchant_name: "CORNER SHOP" };
const removedReceipt = receipts - 1;
const shortened = 2;
const removedLines = [7, 8];

let folder: string;
let collection: OneCollection;
let memory: PeakMemory;
beforeAll(async () => {
  memory = new PeakMemory();
  folder = await mkdtemp(join(tmpdir(), "vectorkeep-scale-"));
  const library = join(folder, "chroma.node");
  await writeChromaLibrary(library);
  collection = await OneCollection.start({ collection: "lines", model, dimensions }, { library, folder });
});
afterAll(async () => {
  await collection.stop();
  await rm(folder, { recursive: true });
});

test("they are published, and folded by warm and cold processes", async () => {
  let compaction = await collection.process();
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const [from, to] = [cycle, cycle + 1].map((at) => Math.floor((at * receipts) / cycles));
    const due = Array.from({ length: receipts }, (_, receipt) => receipt).slice(from, to);
    await inParallel(due, callsAtOnce, exportReceipt);
    if (cycle === cycles - 1) compaction = await restarted(compaction);
    const published = await collection.publish(compaction, due.length);
    expect(published.written).toBe(due.length * linesPerReceipt);
    const { written, seconds, bytesCopied, bytesWritten } = await collection.fold(compaction);
    expect(written).toBe(published.written);
    print(
      `${written} vectors published in ${published.seconds.toFixed(1)} s and folded in ${seconds.toFixed(1)} s; copied in ${bytesCopied}, written ${bytesWritten} bytes`,
    );
  }
  const changes = await changeSome();
  const { updated, bytesCopied, seconds } = await collection.publish(compaction, changes);
  print(`${changes} changes published in ${seconds.toFixed(1)} s`);
  // A segment states whole receipts: the one that lost lines counts with those that are left.
  const left = linesPerReceipt - removedLines.length;
  expect({ updated, bytesCopied }).toEqual({
    updated: renamed.length * linesPerReceipt + left,
    bytesCopied: 0,
  });
  await compaction.end();
});

test("the query service finds the line that is known to be the nearest, among all of them", async () => {
  const asked = Array.from({ length: queries }, (_, query) => ({
    receipt: Math.floor((query * (receipts - 1)) / queries),
    line: 1 + ((query * 37) % linesPerReceipt),
  })).filter(({ receipt, line }) => receipt !== shortened || !removedLines.includes(line));
  const vectorOf = new Map(
    asked.map(({ receipt, line }) => [lineIdAt(receipt, line), nearLine(receipt, line)]),
  );
  const service = await startQueryService((id) => vectorOf.get(id));
  try {
    const found: (string | undefined)[] = [];
    for (const id of vectorOf.keys()) found.push((await search(service, id)).hits[0]?.id);
    expect(found).toEqual([...vectorOf.keys()]);
  } finally {
    await service.stop();
  }
});

test("the published collection is what the deltas, the items and the removals say, and nothing else", async () => {
  await expectVerified(collection, dueReceipts());
});

test("`npm run verify` compares all of it, numbers too, and finds it clean", async () => {
  const { aws, target, runs, deltas, premises, collectionsPath } = collection;
  const { dynamo: client, receiptsTable, controlTable } = aws;
  const report = await verifyShard(
    {
      shard: "lines",
      target,
      control: { client, controlTable },
      files: { collectionsPath, library: premises.library, scratch: join(folder, "verify"), deltas },
      runs,
      deltas,
      items: new CurrentItems({ client: aws.items, receiptsTable, log: silentLog, clock: monotonicClock }),
      backlog: () => backlogOf(aws.sqs, aws.queues.queue),
      clock: monotonicClock,
      log: silentLog,
    },
    { numbers: true, settleMs: 1_000, deadline: monotonicClock.now() + maxVerifyMs },
  );
  print(`${report.vectors} vectors of ${report.receipts} receipts verified in ${report.seconds} s`);
  const { faulty, on_their_way, next, vectors: verified } = report;
  expect({ faulty, on_their_way, next, verified }).toEqual({
    faulty: 0,
    on_their_way: 0,
    next: null,
    verified: (receipts - 1) * linesPerReceipt - removedLines.length,
  });
});

test("all processes together never had more than 4 GB", () => {
  memory.stop();
  const kinds = [...memory.byKind].map(([kind, bytes]) => `${kind} ${gigabytes(bytes)}`);
  print(`Peak ${gigabytes(memory.together)} (${kinds.join(", ")}) on ${availableParallelism()} cores`);
  expect([...memory.byKind.keys()].sort()).toEqual(["Chroma server", "compaction and search", "local AWS"]);
  expect(memory.together).toBeLessThan(maxBytes);
});

async function exportReceipt(receipt: number): Promise<void> {
  const delta = deltaAt(receipt);
  await collection.deltas.put(deltaKey(deltaPrefix(delta)), encodeDelta(delta));
  const { imageId, receiptId, runId } = delta;
  await collection.openRun({ imageId, receiptId, runId });
}

async function restarted(before: CompactionProcess): Promise<CompactionProcess> {
  await before.end();
  return collection.process();
}

/** Renames a merchant, removes a receipt and some lines. Resolves to the number of messages. */
async function changeSome(): Promise<number> {
  for (const receipt of renamed) {
    const ids = idsOf(receipt);
    await collection.put({ PK: `IMAGE#${ids.image_id}`, SK: "RECEIPT#00001#METADATA", ...merchant });
    await collection.announce({
      entity_type: "RECEIPT_METADATA",
      event_name: "MODIFY",
      entity_data: ids,
    });
  }
  await collection.announce({
    entity_type: "RECEIPT",
    event_name: "REMOVE",
    entity_data: idsOf(removedReceipt),
  });
  for (const line_id of removedLines) {
    await collection.announce({
      entity_type: "RECEIPT_LINE",
      event_name: "REMOVE",
      entity_data: { ...idsOf(shortened), line_id },
    });
  }
  return renamed.length + 1 + removedLines.length;
}

function idsOf(receipt: number) {
  const { imageId, receiptId } = receiptAt(receipt);
  return { image_id: imageId, receipt_id: receiptId };
}

function* dueReceipts(): Generator<DueReceipt> {
  for (let receipt = 0; receipt < receipts; receipt += 1) {
    const { ids, metadatas } = deltaAt(receipt);
    const isDue = (_: unknown, index: number) =>
      receipt !== removedReceipt && (receipt !== shortened || !removedLines.includes(index + 1));
    const known = renamed.includes(receipt) ? merchant : {};
    yield {
      due: ids.map((id, index) => ({ id, metadata: { ...metadatas[index], ...known } })).filter(isDue),
      removed: ids.filter((id, index) => !isDue(id, index)),
    };
  }
}

async function startQueryService(
  vectorOf: (text: string) => Float32Array<ArrayBuffer> | undefined,
): Promise<QueryService> {
  const scratch = join(folder, "search");
  await mkdir(scratch);
  const { aws, collectionsPath, premises } = collection;
  const generations = new ChromaGenerations({
    client: aws.dynamo,
    controlTable: aws.controlTable,
    collectionsPath,
    shard: "lines",
    model,
    dimensions,
    library: premises.library,
    scratch,
    exactVectors: 0,
    deltas: collection.deltas,
    metrics: silentMetrics,
  });
  const embedder: Embedder = {
    model,
    dimensions,
    embed: async (texts) => texts.map((text) => new Uint8Array(vectorOf(text)?.buffer ?? [])),
  };
  const service = await QueryService.start({
    statusOf: async () => undefined,
    sources: new Map([["lines", generations]]),
    embedder,
    apiKey: "key",
    host: "127.0.0.1",
    port: 0,
    pollMs: 100,
    minCosine: 0,
    log: silentLog,
    metrics: silentMetrics,
  });
  while (!(await fetch(`http://127.0.0.1:${service.port}/health`)).ok) await monotonicClock.sleep(100);
  return service;
}

async function search({ port }: QueryService, text: string): Promise<SearchAnswer> {
  const answer = await fetch(`http://127.0.0.1:${port}/search`, {
    method: "POST",
    headers: { "x-api-key": "key" },
    body: JSON.stringify({ text, k: 3 }),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as SearchAnswer;
}

/** Without the place in the source that Jest adds to what is logged. */
function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
