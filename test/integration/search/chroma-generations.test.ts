import { appendFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { ChromaServer } from "../../../core/collections/chroma/chroma-server.ts";
import { ChromaVectorStore } from "../../../core/collections/chroma/chroma-vector-store.ts";
import { GenerationCorruptError } from "../../../core/collections/generations/generation-reader.ts";
import { Generations } from "../../../core/collections/generations/generations.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";
import { ChromaGenerations } from "../../../core/search/chroma-generations.ts";
import { GenerationOfAnotherModelError, ShardTooLargeError } from "../../../core/search/search-errors.ts";
import { rank } from "../../../core/search/snapshot/rank.ts";
import type { Snapshot } from "../../../core/search/snapshot/snapshot.ts";
import { writeChromaLibrary } from "../../../infra/bundles/chroma-library.ts";

const [a, b, c] = [1, 2, 3].map((line) => `IMAGE#image#RECEIPT#00001#LINE#0000${line}`) as [
  string,
  string,
  string,
];

const published = { number: 1, name: "00000001-1" };
const vectors = [
  [1, 0, 0, 0],
  [1, 1, 0, 0],
  [0, 0, 3, 0],
];
const delta: Delta = {
  collection: "lines",
  imageId: "image",
  receiptId: 1,
  runId: "run",
  model: "four-numbers",
  dimensions: 4,
  textFormat: "receipt-text/1",
  ids: [a, b, c],
  documents: ["TOTAL", "SUBTOTAL", "THANK YOU"],
  metadatas: [1, 2, 3].map((line) => ({
    image_id: "image",
    receipt_id: 1,
    line_id: line,
    is_odd: line % 2 === 1,
  })),
  vectors: new Uint8Array(Float32Array.from(vectors.flat()).buffer),
};

const everything = {
  text: "",
  mode: "dense",
  k: 3,
  question: undefined,
  minCosine: undefined,
  accepts: () => true,
} as const;

const counted: string[] = [];
let folder: string;
let library: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chroma-generations-"));
  library = join(folder, "chroma.node");
  await writeChromaLibrary(library);
  await mkdir(join(folder, "scratch"));

  const server = await ChromaServer.start({ library, path: join(folder, "database") });
  const store = await ChromaVectorStore.open(server, "lines");
  await store.upsert([{ delta, from: 0, to: 3 }]);
  await server.stop();
  await generations().write(join(folder, "database"), {
    name: published.name,
    base: null,
    model: delta.model,
    dimensions: delta.dimensions,
    count: 3,
    documents: [delta],
  });
}, 30_000);

beforeEach(() => {
  counted.length = 0;
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function generations(): Generations {
  return new Generations(join(folder, "shared"), "lines", monotonicClock);
}

function source({ model = delta.model, exactVectors = 0, maxVectors = 3 } = {}): ChromaGenerations {
  return new ChromaGenerations({
    client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: "us-east-1" })),
    controlTable: "control",
    collectionsPath: join(folder, "shared"),
    shard: "lines",
    model,
    dimensions: 4,
    library,
    scratch: join(folder, "scratch"),
    exactVectors,
    maxVectors,
    deltas: { get: async () => undefined },
    metrics: { ...silentMetrics, count: (name) => counted.push(name) },
  });
}

function scratch(): Promise<string[]> {
  return readdir(join(folder, "scratch"));
}

test("a published generation is opened as a private copy, answers queries, and leaves nothing behind", async () => {
  const generation = await source().open(published, undefined);
  expect(await scratch()).toHaveLength(1);
  expect(generation).toMatchObject({ number: 1, name: "00000001-1", count: 3 });

  const found = await generation.query({ vector: [2, 0, 0, 0], k: 2, filter: [] });
  expect(found.map(({ id, document }) => [id, document])).toEqual([
    [a, "TOTAL"],
    [b, "SUBTOTAL"],
  ]);
  expect(found[0]?.similarity).toBeCloseTo(1, 5);
  expect(found[1]?.similarity).toBeCloseTo(Math.SQRT1_2, 5);

  const filtered = await generation.query({
    vector: [2, 0, 0, 0],
    k: 5,
    filter: [{ anyOf: ["line_id"], equals: 3 }],
  });
  expect(filtered.map(({ id }) => id)).toEqual([c]);

  expect(generation.alive()).toBe(true);
  await generation.close();
  expect(generation.alive()).toBe(false);
  expect(await scratch()).toEqual([]);
}, 30_000);

test("F44: a generation of few enough vectors is held in memory whole, and nothing else of it is kept", async () => {
  const generation = await source({ exactVectors: 3 }).open(published, undefined);
  expect(await scratch()).toEqual([]);
  expect(generation.snapshot?.vectors).toBe(3);
  for (const [at, vector] of vectors.entries()) {
    const [first] = await rank(generation.snapshot as Snapshot, { ...everything, vector });
    expect(first?.row.vectors.map(({ id }) => id)).toEqual([delta.ids[at]]);
  }
  await generation.close();
}, 30_000);

test("the next generation reads only the receipts in which it differs from what is served", async () => {
  const served = await source({ exactVectors: 3 }).open(published, undefined);
  const copy = join(folder, "next");
  await generations().copyTo(copy, published.name);
  const server = await ChromaServer.start({ library, path: copy });
  const store = await ChromaVectorStore.open(server, "lines");
  await store.updateMetadata(new Map([[a, { merchant_name: "Corner Cafe" }]]));
  await server.stop();
  const { model, dimensions } = delta;
  const made = { name: "00000002-1", base: published.name, model, dimensions, count: 3, documents: [delta] };
  await generations().write(copy, made);
  const reads = jest.spyOn(ChromaVectorStore.prototype, "vectorPages");
  const next = await source({ exactVectors: 3 }).open({ number: 2, name: made.name }, served);
  expect(reads).not.toHaveBeenCalled();
  const [first] = await rank(next.snapshot as Snapshot, { ...everything, vector: vectors[0] });
  expect(first?.row.vectors[0]?.metadata.merchant_name).toBe("Corner Cafe");
}, 30_000);

test("a generation of another model is refused by name and leaves nothing behind", async () => {
  await expect(source({ model: "other" }).open(published, undefined)).rejects.toThrow(
    GenerationOfAnotherModelError,
  );
  expect(await scratch()).toEqual([]);
  expect(counted).toEqual(["GenerationsRefused"]);
});

test("a generation of more vectors than the process is made for is refused, counted, and leaves nothing behind", async () => {
  await expect(source({ maxVectors: 2 }).open(published, undefined)).rejects.toThrow(ShardTooLargeError);
  expect(await scratch()).toEqual([]);
  expect(counted).toEqual(["GenerationsRefused"]);
});

test("a generation whose file is not what the manifest says is refused and leaves nothing behind", async () => {
  const database = join(generations().pathOf(published.name), "chroma");
  await appendFile(join(database, "chroma.sqlite3"), "x");
  await expect(source().open(published, undefined)).rejects.toThrow(GenerationCorruptError);
  expect(await scratch()).toEqual([]);
  expect(counted).toEqual(["ManifestMismatches"]);
});
