import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChromaVectorStore } from "../../../core/collections/chroma/chroma-vector-store.ts";
import { indexFile } from "../../../core/collections/generations/manifest.ts";
import { vectorAt } from "../../../core/collections/merge/parts-that-differ.ts";
import { NamedDeltaMissingError } from "../../../core/collections/segments/overlay-rows.ts";
import { encodeDelta } from "../../../core/deltas/codec.ts";
import { deltaKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { ChromaGenerations } from "../../../core/search/chroma-generations.ts";
import type { OpenGeneration } from "../../../core/search/generation-source.ts";
import { directionOf } from "../../../core/search/scan/directions.ts";
import { rank } from "../../../core/search/snapshot/rank.ts";
import { CompactionRig, queueUrl, type RigConfig } from "../../unit/collections/compaction-rig.ts";
import { itemsOf } from "../../unit/collections/receipt-items.ts";
import { deltaOf, dimensions, model, vectorOf } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(60_000);

const milk = deltaOf(1, "milk", ["milk", "bread"]);
const tea = deltaOf(2, "tea", ["tea", "cake"]);
const [milkId = ""] = milk.ids;

let rig: CompactionRig;
let scratch: string;
let read: string[];
let counted: string[];

beforeEach(async () => {
  rig = await CompactionRig.start();
  scratch = await mkdtemp(join(tmpdir(), "reader-"));
  [read, counted] = [[], []];
  await rig.embed(milk);
  await rig.embed(tea);
  await compact({ writesBases: true });
});
afterEach(async () => {
  await rig.stop();
  await rm(scratch, { recursive: true, force: true });
});

async function compact(config: RigConfig = {}): Promise<void> {
  await rig.invoke(await rig.process(config));
  expect(rig.sqs.at(queueUrl).messages).toEqual([]);
}

async function rename(image: number, merchant: string): Promise<void> {
  rig.announce([await rig.put(itemsOf(image).metadata, { merchant_name: merchant })]);
  await compact();
}

async function source(exactVectors: number): Promise<ChromaGenerations> {
  const { collectionsPath, library } = await rig.files();
  return new ChromaGenerations({
    client: rig.tables.client,
    controlTable: rig.tables.controlTable,
    collectionsPath,
    shard: "lines",
    model,
    dimensions,
    library,
    scratch,
    exactVectors,
    deltas: {
      get: async (key) => {
        read.push(key);
        return rig.bucket.get(key);
      },
    },
    metrics: { ...silentMetrics, count: (name) => counted.push(name) },
  });
}

async function newest(from: ChromaGenerations, previous?: OpenGeneration): Promise<OpenGeneration> {
  const head = await from.head();
  if (head === undefined) throw new Error("Nothing is published.");
  return from.open(head, previous);
}

/** Document and merchant of what is nearest to a text, by either way of answering. */
async function nearest(generation: OpenGeneration, text: string, k = 4) {
  if (generation.snapshot === undefined) {
    const found = await generation.query({ vector: vectorOf(text), k, filter: [] });
    return found.map(({ document, metadata }) => [document, metadata.merchant_name]);
  }
  const ranking = { text: "", mode: "dense", k, question: undefined, minCosine: undefined } as const;
  const asked = { ...ranking, vector: vectorOf(text), accepts: () => true };
  return (await rank(generation.snapshot, asked)).flatMap(({ row }) =>
    row.vectors.map(({ document, metadata }) => [document, metadata.merchant_name]),
  );
}

const keyOf = (delta: typeof milk) => deltaKey(deltaPrefix(delta));
const merchants = async (generation: OpenGeneration) => Object.fromEntries(await nearest(generation, "milk"));

test("a change of facts of what only the base has reads neither its delta nor the base", async () => {
  const generations = await source(100);
  const first = await newest(generations);
  read.length = 0;
  await rename(1, "CAFE");
  const second = await newest(generations, first);
  expect(await merchants(second)).toEqual({ milk: "CAFE", bread: "CAFE", tea: undefined, cake: undefined });
  expect(await merchants(first)).toMatchObject({ milk: undefined });
  await rename(2, "BAR");
  const third = await newest(generations, second);
  expect(read).toEqual([]);
  expect(await merchants(third)).toEqual({ milk: "CAFE", bread: "CAFE", tea: "BAR", cake: "BAR" });
  expect(await readdir(scratch)).toEqual([]);
});

test("what is new or partly removed above the base costs its own delta alone", async () => {
  const generations = await source(100);
  const first = await newest(generations);
  read.length = 0;
  const eggs = deltaOf(3, "eggs", ["eggs", "ham"]);
  await rig.embed(eggs);
  await compact();
  const second = await newest(generations, first);
  expect(read).toEqual([keyOf(eggs)]);
  await rig.put(itemsOf(1).line(1), {});
  rig.announce([await rig.remove(itemsOf(1).line(1))]);
  await compact();
  const third = await newest(generations, second);
  expect(read).toEqual([keyOf(eggs), keyOf(milk)]);
  const shown = (await nearest(third, "eggs", 10)).map(([document]) => document);
  expect(shown.sort()).toEqual(["bread", "cake", "eggs", "ham", "tea"]);
});

test("another run of as many vectors as the base has is read, and so are other parts of the same run", async () => {
  const generations = await source(100);
  const documents = async (generation: OpenGeneration) =>
    (await nearest(generation, "milk", 10)).map(([document]) => document).sort();
  const removeLine = async (line: number, second: number) => {
    await rig.put(itemsOf(1).line(line), {}, second);
    rig.announce([await rig.remove(itemsOf(1).line(line), second)]);
    await compact();
  };
  await removeLine(1, 1_000);
  await rig.foldNow();
  const first = await newest(generations);
  expect(await documents(first)).toEqual(["bread", "cake", "tea"]);
  // Exported again, with the line that was removed.
  await rig.embed(milk, 2_000_000);
  await compact();
  await removeLine(2, 3_000);
  expect(await documents(await newest(generations, first))).toEqual(["cake", "milk", "tea"]);
  await rig.embed(deltaOf(2, "mate", ["mate", "rye"]), 2_000_000);
  await compact();
  expect(await documents(await newest(generations, first))).toEqual(["mate", "milk", "rye"]);
});

describe("a base that is opened to be held in memory", () => {
  const everything = { milk: undefined, bread: undefined, tea: undefined, cake: undefined };

  test("has the numbers of its deltas, and its database is asked for none", async () => {
    const asked = [
      jest.spyOn(ChromaVectorStore.prototype, "vectorPages"),
      jest.spyOn(ChromaVectorStore.prototype, "read"),
    ];
    const generation = await newest(await source(100));
    for (const method of asked) {
      expect(method).not.toHaveBeenCalled();
      method.mockRestore();
    }
    expect([...read].sort()).toEqual([keyOf(milk), keyOf(tea)].sort());
    expect(generation.snapshot?.vector(milkId)?.vector).toEqual(directionOf(vectorAt(milk, 0)));
    expect(await merchants(generation)).toEqual(everything);
  });

  test.each([
    ["is lost", () => rig.bucket.delete(keyOf(milk))],
    ["is of another run", () => rig.bucket.set(keyOf(milk), encodeDelta(deltaOf(1, "other", ["milk"])))],
    ["is corrupt", () => rig.bucket.set(keyOf(milk), Buffer.from("VKDELTA"))],
  ])("has the numbers of the database where a delta %s", async (_, harm) => {
    await harm();
    const generation = await newest(await source(100));
    expect(await merchants(generation)).toEqual(everything);
    const [nearestOf] = await nearest(generation, "bread", 1);
    expect(nearestOf?.[0]).toBe("bread");
  });

  test("has the numbers of the database where its index is corrupt", async () => {
    await writeFile(join(rig.generations.pathOf((await rig.head()) ?? ""), indexFile), "x");
    expect(await merchants(await newest(await source(100)))).toEqual(everything);
    expect(read).toEqual([]);
  });
});

describe.each([
  ["in memory", 100],
  ["by the approximate index of the base", 0],
])("%s", (_, exact) => {
  test("a change of facts above the base reads no delta, and what is known no more is shown no more", async () => {
    const generations = await source(exact);
    const first = await newest(generations);
    await rename(1, "CAFE");
    const second = await newest(generations, first);
    read.length = 0;
    await rename(1, "BISTRO");
    const third = await newest(generations, second);
    expect(await merchants(third)).toEqual({
      milk: "BISTRO",
      bread: "BISTRO",
      tea: undefined,
      cake: undefined,
    });
    rig.announce([await rig.remove(itemsOf(1).metadata)]);
    await compact();
    const fourth = await newest(generations, third);
    expect(read).toEqual([]);
    expect(await merchants(fourth)).toMatchObject({ milk: undefined, bread: undefined });
    expect(await merchants(second)).toMatchObject({ milk: "CAFE", bread: "CAFE" });
    const cold = await newest(await source(exact));
    expect(await nearest(fourth, "milk")).toEqual(await nearest(cold, "milk"));
    for (const generation of [first, second, third, fourth, cold]) await generation.close();
  });

  test("a line that is removed above the base is shown no more", async () => {
    const generations = await source(exact);
    const first = await newest(generations);
    await rename(1, "CAFE");
    const second = await newest(generations, first);
    await rig.put(itemsOf(1).line(1));
    rig.announce([await rig.remove(itemsOf(1).line(1))]);
    await compact();
    const third = await newest(generations, second);
    expect(await merchants(third)).toEqual({ bread: "CAFE", tea: undefined, cake: undefined });
    for (const generation of [first, second, third]) await generation.close();
  });
});

test.each([
  ["in memory", 100],
  ["by the approximate index of the base", 0],
])(
  "%s, a removed receipt is gone, one that came is found, and the next base shows the same",
  async (_, exact) => {
    const generations = await source(exact);
    const first = await newest(generations);
    rig.announce([await rig.put(itemsOf(2).receipt)]);
    rig.announce([await rig.remove(itemsOf(2).receipt)]);
    await rig.embed(deltaOf(3, "eggs", ["eggs"]));
    await compact();
    await rename(1, "CAFE");
    const shown = { milk: "CAFE", bread: "CAFE", eggs: undefined };
    const above = await newest(generations, first);
    expect(above.count).toBe(3);
    expect(await merchants(above)).toEqual(shown);
    expect((await nearest(above, "eggs", 1))[0]?.[0]).toBe("eggs");
    const cold = await newest(await source(exact));
    expect(await merchants(cold)).toEqual(shown);

    await rig.embed(deltaOf(4, "jam", ["jam"]));
    await compact({ foldVectors: 1 });
    const folded = await newest(generations, above);
    expect(await merchants(folded)).toEqual({ ...shown, jam: undefined });
    for (const each of [first, above, cold, folded]) await each.close();
    expect(await readdir(scratch)).toEqual([]);
  },
);

test("generations over one base share its copy, which goes with the last of them", async () => {
  const generations = await source(0);
  const first = await newest(generations);
  await rename(1, "CAFE");
  const second = await newest(generations, first);
  expect(await readdir(scratch)).toHaveLength(1);
  await first.close();
  expect(second.alive()).toBe(true);
  expect(await nearest(second, "milk", 1)).toEqual([["milk", "CAFE"]]);
  await second.close();
  expect(await readdir(scratch)).toEqual([]);
});

test("a filter holds for what is above the base too", async () => {
  const generations = await source(0);
  await rename(1, "CAFE");
  const served = await newest(generations);
  const asked = (merchant: string) =>
    served.query({ vector: vectorOf("tea"), k: 1, filter: [{ anyOf: ["merchant_name"], equals: merchant }] });
  expect((await asked("CAFE")).map(({ id }) => id.startsWith(milkId.slice(0, -5)))).toEqual([true]);
  expect(await asked("BAR")).toEqual([]);
  await served.close();
});

test("a generation whose delta is lost is refused and counted; what is served stays", async () => {
  const generations = await source(100);
  const first = await newest(generations);
  await rig.put(itemsOf(1).line(1), {});
  rig.announce([await rig.remove(itemsOf(1).line(1))]);
  await compact();
  rig.bucket.delete(keyOf(milk));
  await expect(newest(generations, first)).rejects.toThrow(NamedDeltaMissingError);
  await expect(newest(await source(100))).rejects.toThrow(NamedDeltaMissingError);
  expect(counted).toEqual(["ManifestMismatches", "ManifestMismatches"]);
  expect(await readdir(scratch)).toEqual([]);
});
