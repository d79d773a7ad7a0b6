import { setTimeout as sleep } from "node:timers/promises";
import type { VectorBytes } from "../../../core/embedding/embedder.ts";
import { silentLog } from "../../../core/log.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { SnapshotGeneration } from "../../../core/search/open-generations.ts";
import { QueryService } from "../../../core/search/query-service.ts";
import { directionOf, exactProduct } from "../../../core/search/scan/directions.ts";
import { rank } from "../../../core/search/snapshot/rank.ts";
import { Snapshot } from "../../../core/search/snapshot/snapshot.ts";
import { merchantName, RandomVectors } from "./stored-vectors.ts";

export interface SpeedFigures {
  readonly vectors: number;
  readonly dimensions: number;
  readonly openSeconds: number;
  /** Milliseconds over HTTP, from the planned moment of the request to its answer. */
  readonly all: Percentiles;
  readonly ofMerchant: Percentiles;
  /** CPU of the whole process per request without a filter. */
  readonly cpuMs: number;
  /** Of ten hits, those that comparing every vector gives. */
  readonly recall: number;
  /** Bytes that the snapshot holds, on the heap and beside it, per byte of the vectors. */
  readonly memory: number;
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

const apiKey = "bench";
const k = 10;

export async function measureSpeed(
  vectors: number,
  dimensions: number,
  { requests, perSecond }: { readonly requests: number; readonly perSecond: number },
): Promise<SpeedFigures> {
  const random = new RandomVectors(dimensions, vectors);
  const before = heapNow();
  let stored = random.stored(vectors);
  const began = performance.now();
  const snapshot = await Snapshot.of(stored, dimensions);
  const openSeconds = (performance.now() - began) / 1_000;
  stored = [];
  const beside = snapshot.parts.map(
    ({ part }) => part.matrix.bytes + part.index.bytes + part.headIndex.bytes,
  );
  const held = beside.reduce((sum, bytes) => sum + bytes, heapNow() - before);
  const generation = new SnapshotGeneration({ number: 1, name: "00000001-1" }, vectors, snapshot);
  const ofText = new Map<string, Float32Array>();
  const service = await QueryService.start({
    statusOf: async () => undefined,
    sources: new Map([["lines", { head: async () => generation, open: async () => generation }]]),
    embedder: {
      model: "random",
      dimensions,
      embed: async (texts) => texts.map((text) => bytesOf(ofText.get(text) ?? random.vector())),
    },
    apiKey,
    host: "127.0.0.1",
    port: 0,
    pollMs: 1_000,
    minCosine: 0,
    log: silentLog,
    metrics: silentMetrics,
  });
  const ask = async (merchant?: string) => {
    const text = random.text();
    ofText.set(text, random.vector());
    const answer = await fetch(`http://127.0.0.1:${service.port}/search`, {
      method: "POST",
      headers: { "x-api-key": apiKey, "content-type": "application/json" },
      body: JSON.stringify({ text, k, ...(merchant && { merchant }) }),
    });
    await answer.json();
    if (!answer.ok) throw new Error(`The search answered ${answer.status}.`);
  };
  try {
    await until(() => ask());
    for (let warm = 0; warm < 10; warm++) await ask(merchantName(warm));
    const cpuBefore = process.cpuUsage();
    const all = await openLoop(requests, perSecond, () => ask());
    const { user, system } = process.cpuUsage(cpuBefore);
    const ofMerchant = await openLoop(requests, perSecond, (number) => ask(merchantName(number % 50)));
    const cpuMs = (user + system) / 1_000 / requests;
    const recall = await recallOf(snapshot, random, 20);
    return {
      vectors,
      dimensions,
      openSeconds,
      all,
      ofMerchant,
      cpuMs,
      recall,
      memory: held / (4 * vectors * dimensions),
    };
  } finally {
    await service.stop();
  }
}

/** Requests start at their moments, whether those before have ended or not. */
async function openLoop(
  requests: number,
  perSecond: number,
  ask: (number: number) => Promise<void>,
): Promise<Percentiles> {
  const began = performance.now();
  const took = await Promise.all(
    Array.from({ length: requests }, async (_, number) => {
      const planned = began + (1_000 * number) / perSecond;
      await sleep(Math.max(0, planned - performance.now()));
      await ask(number);
      return performance.now() - planned;
    }),
  );
  const sorted = took.sort((one, other) => one - other);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

async function recallOf(snapshot: Snapshot, random: RandomVectors, queries: number): Promise<number> {
  let [found, wanted] = [0, 0];
  for (let query = 0; query < queries; query++) {
    const vector = random.vector();
    const direction = directionOf(vector);
    const scores = snapshot.parts
      .flatMap(({ part }) => part.rows.flatMap((row) => row.vectors.map(({ vector: own }) => own)))
      .map((own) => exactProduct(direction, own, 0))
      .sort((one, other) => other - one)
      .slice(0, k);
    const hits = await rank(snapshot, {
      text: "",
      vector: [...vector],
      mode: "dense",
      k,
      question: undefined,
      minCosine: undefined,
      accepts: () => true,
    });
    found += hits.filter(({ score }, at) => score === scores[at]).length;
    wanted += scores.length;
  }
  return found / wanted;
}

async function until(works: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await works();
    } catch {
      await sleep(100);
    }
  }
}

/** Without the numbers of vectors, which lie beside the heap. */
function heapNow(): number {
  for (let times = 0; times < 3; times++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function bytesOf(vector: Float32Array): VectorBytes {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}
