import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Embedder } from "../../../core/embedding/embedder.ts";
import { silentLog } from "../../../core/log.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { ChromaGenerations } from "../../../core/search/chroma-generations.ts";
import { QueryService } from "../../../core/search/query-service.ts";
import type { SearchAnswer } from "../../../core/search/search.ts";
import { nightly } from "../../faults/nightly.ts";
import { CompactionRig } from "../../unit/collections/compaction-rig.ts";
import { itemsOf } from "../../unit/collections/receipt-items.ts";
import { deltaOf, dimensions, model, vectorOf } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(600_000);

const embedder: Embedder = {
  model,
  dimensions,
  embed: async (texts) => texts.map((text) => new Uint8Array(Float32Array.from(vectorOf(text)).buffer)),
};
/** Publishes between two folds. */
const publishesPerFold = 5;

let rig: CompactionRig;
let scratch: string;
let service: QueryService;

beforeEach(async () => {
  rig = await CompactionRig.start();
  scratch = await mkdtemp(join(tmpdir(), "reader-"));
  await rig.embed(deltaOf(1, "milk", ["milk", "bread"]));
  await rig.invoke(await rig.process({ foldVectors: 100 }));
});
afterEach(async () => {
  await rig.stop();
  await rm(scratch, { recursive: true, force: true });
});

async function startService(exactVectors: number): Promise<QueryService> {
  const { collectionsPath, library } = await rig.files();
  const lines = new ChromaGenerations({
    client: rig.tables.client,
    controlTable: rig.tables.controlTable,
    collectionsPath,
    shard: "lines",
    model,
    dimensions,
    library,
    scratch,
    exactVectors,
    deltas: rig.deltas,
    metrics: silentMetrics,
  });
  const started = await QueryService.start({
    statusOf: async () => undefined,
    sources: new Map([["lines", lines]]),
    embedder,
    apiKey: "key",
    host: "127.0.0.1",
    port: 0,
    pollMs: 5,
    minCosine: 0,
    log: silentLog,
    metrics: silentMetrics,
  });
  while (!(await fetch(`http://127.0.0.1:${started.port}/health`)).ok);
  return started;
}

async function search(): Promise<{ status: number; answer: SearchAnswer }> {
  const response = await fetch(`http://127.0.0.1:${service.port}/search`, {
    method: "POST",
    headers: { "x-api-key": "key" },
    body: JSON.stringify({ text: "milk", mode: "dense" }),
  });
  return { status: response.status, answer: (await response.json()) as SearchAnswer };
}

async function rename(merchant: string): Promise<void> {
  rig.announce([await rig.put(itemsOf(1).metadata, { merchant_name: merchant })]);
  await rig.invoke(await rig.process({ foldVectors: 100 }));
}

/** Publishes and folds while requests are sent without a pause, each as soon as the one before is served. */
async function searchAcross(publishes: number, exactVectors: number): Promise<void> {
  service = await startService(exactVectors);
  const statuses = new Set<number>();
  const generations: number[] = [];
  const merchants = new Set<unknown>();
  const look = async () => {
    const { status, answer } = await search();
    statuses.add(status);
    generations.push(answer.generations.lines ?? 0);
    const shown = new Set(answer.hits.map(({ metadata }) => metadata.merchant_name));
    // One generation answers: the lines of a receipt never show two merchants.
    expect([answer.hits.length, shown.size]).toEqual([2, 1]);
    for (const merchant of shown) merchants.add(merchant);
  };
  let isOver = false;
  const looking = (async () => {
    while (!isOver) await look();
  })();
  try {
    for (let number = 1; number <= publishes; number += 1) {
      await rename(`CAFE ${number}`);
      while (!merchants.has(`CAFE ${number}`)) await look();
      if (number % publishesPerFold === 0) expect(await rig.foldNow()).toBe("folded");
    }
  } finally {
    isOver = true;
    await looking.finally(() => service.stop());
  }
  expect([...statuses]).toEqual([200]);
  expect(new Set(generations).size).toBeGreaterThan(publishes);
  expect(await readdir(scratch)).toEqual([]);
}

describe.each([
  ["in memory", 100],
  ["by the approximate index of the base", 0],
])("%s", (_, exactVectors) => {
  test("no request fails across ten publishes and two folds", () => searchAcross(10, exactVectors));

  nightly("no request fails across a hundred publishes and twenty folds", () =>
    searchAcross(100, exactVectors),
  );
});
