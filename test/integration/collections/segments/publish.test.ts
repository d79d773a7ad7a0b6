import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { Step } from "../../../../core/collections/cycle/cycle-deps.ts";
import { Generations } from "../../../../core/collections/generations/generations.ts";
import { listGenerations } from "../../../../core/collections/generations/list-generations.ts";
import { manifestFile } from "../../../../core/collections/generations/manifest.ts";
import { collectionKey } from "../../../../core/collections/lease/collection-key.ts";
import { restoreGeneration } from "../../../../core/collections/restore/restore-generation.ts";
import { NamedDeltas } from "../../../../core/collections/segments/named-deltas.ts";
import { decodeDelta, encodeDelta } from "../../../../core/deltas/codec.ts";
import type { Delta } from "../../../../core/deltas/delta.ts";
import { deltaKey, deltaPrefix } from "../../../../core/deltas/keys.ts";
import { silentLog } from "../../../../core/log.ts";
import { monotonicClock } from "../../../../core/resilience/clock.ts";
import { redriveDocument } from "../../../../core/runs/redrive-document.ts";
import { RunQueues } from "../../../../core/runs/run-queues.ts";
import { CompactionRig, deadLetterUrl, queueUrl } from "../../../unit/collections/compaction-rig.ts";
import { publishedLongAgo } from "../../../unit/collections/published-long-ago.ts";
import { itemsOf } from "../../../unit/collections/receipt-items.ts";
import { contentOf, deltaOf, dimensions, model } from "../../../unit/collections/sample-deltas.ts";
import { ManualClock } from "../../../unit/resilience/clocks.ts";

jest.setTimeout(120_000);

let rig: CompactionRig;
beforeEach(async () => {
  rig = await CompactionRig.start();
});
afterEach(() => rig.stop());

const keyOf = (delta: Delta) => deltaKey(deltaPrefix(delta));
const milk = deltaOf(1, "milk", ["milk", "bread"]);
const tea = deltaOf(2, "tea", ["tea", "cake", "jam"]);

/** Runs cycles until the queue is empty; messages in flight are redelivered at once. */
async function compact(foldVectors: number, onStep?: (step: Step) => void): Promise<void> {
  const parts = await rig.process({ foldVectors }, onStep);
  do {
    await rig.invoke(parts);
    rig.sqs.reveal(queueUrl);
    await rig.foldWhatIsAsked();
  } while (rig.sqs.at(queueUrl).messages.length > 0);
}

/** As the first base of a collection, without segments. */
async function publishBase(...deltas: Delta[]): Promise<void> {
  for (const delta of deltas) await rig.embed(delta);
  await rig.invoke(await rig.process({ writesBases: true }), deltas.length);
}

async function publish(foldVectors: number, ...deltas: Delta[]): Promise<void> {
  for (const delta of deltas) await rig.embed(delta);
  await compact(foldVectors);
}

async function rename(image: number, merchant: string): Promise<void> {
  rig.announce([await rig.put(itemsOf(image).metadata, { merchant_name: merchant })]);
}

const headManifest = async () => rig.generations.manifest((await rig.head()) ?? "");
const segmentFiles = async () => (await rig.generations.segments.list()).map(({ name }) => name);
const merchants = async (...deltas: Delta[]) =>
  Object.fromEntries(
    (await rig.publishedVectors(deltas)).map(({ document, metadata }) => [document, metadata.merchant_name]),
  );

describe("a change that is small beside what is published", () => {
  beforeEach(async () => {
    await publishBase(milk, tea);
    await rename(1, "CAFE");
  });

  test("is published as a segment: no database is opened, and none written", async () => {
    const steps: Step[] = [];
    await compact(100, (step) => steps.push(step));
    expect(steps).toEqual([
      "lease",
      "drain",
      "start runs",
      "read deltas",
      "write segment",
      "move head",
      "acknowledge",
      "collect garbage",
      "release",
    ]);
    const manifest = await headManifest();
    expect(manifest).toMatchObject({
      base: "00000001-1",
      database: "00000001-1",
      database_count: 5,
      count: 5,
      files: [],
      receipts: [{ image_id: milk.imageId, receipt_id: 1 }],
    });
    expect(await readdir(rig.generations.pathOf(manifest.name))).toEqual([manifestFile]);
    expect(await merchants(milk, tea)).toEqual({
      milk: "CAFE",
      bread: "CAFE",
      tea: undefined,
      cake: undefined,
      jam: undefined,
    });
  });

  test("of a receipt above the base reads no delta again, unless one of its words or lines was removed", async () => {
    await compact(100);
    await rename(1, "BAR");
    const read: string[] = [];
    const parts = await rig.process({ foldVectors: 100 });
    const get = (key: string) => {
      read.push(key);
      return parts.deltas.get(key);
    };
    const counting = { ...parts, deltas: { ...parts.deltas, get } };
    await rig.invoke(counting);
    expect(read).toEqual([]);
    expect(await merchants(milk, tea)).toMatchObject({ milk: "BAR", bread: "BAR" });
    await rig.put(itemsOf(1).line(1), {});
    rig.announce([await rig.remove(itemsOf(1).line(1))]);
    await rig.invoke(counting);
    expect(read).toEqual([keyOf(milk)]);
    expect(Object.keys(await merchants(milk, tea)).sort()).toEqual(["bread", "cake", "jam", "tea"]);
  });

  test("goes into the next base when there is too much above the one before, and what is shown stays", async () => {
    await compact(100);
    const before = await rig.publishedVectors([milk, tea]);
    const eggs = deltaOf(3, "eggs", ["eggs", "ham"]);
    await publish(3, eggs);
    const manifest = await headManifest();
    expect(manifest).toMatchObject({ database: manifest.name, segments: [], count: 7 });
    // The same in another form: no receipt differs.
    expect(manifest.receipts).toEqual([]);
    const after = new Map((await rig.publishedVectors([milk, tea, eggs])).map((one) => [one.id, one]));
    for (const { id, document, metadata } of before) {
      expect(after.get(id)).toMatchObject({ document, metadata });
    }
    expect((await rig.generations.indexOf(manifest))?.size).toBe(3);
  });

  test("F12: one that shows already publishes nothing, before the fold and after it", async () => {
    /** A change of a field that no vector shows. */
    const review = async (reviewed: number) => {
      const record = await rig.put(itemsOf(1).metadata, { merchant_name: "CAFE", reviewed });
      rig.announce([record], {
        entities: new Set(["RECEIPT_METADATA"]),
        fields: { RECEIPT_METADATA: ["reviewed"] },
      });
      expect(rig.sqs.at(queueUrl).messages).toHaveLength(1);
      await compact(100);
    };
    await compact(100);
    const shown = await rig.head();
    await review(1);
    expect(await rig.head()).toBe(shown);
    await publish(1, deltaOf(3, "eggs", ["eggs"]));
    const folded = await rig.head();
    await review(2);
    expect(await rig.head()).toBe(folded);
  });

  test("a receipt, line or word that is removed goes, and is there again once it is exported", async () => {
    rig.announce([await rig.put(itemsOf(2).receipt), await rig.put(itemsOf(1).line(2))]);
    rig.announce([await rig.remove(itemsOf(2).receipt), await rig.remove(itemsOf(1).line(2))]);
    await compact(100);
    expect(await rig.published([milk, tea])).toEqual({ [milk.ids[0] ?? ""]: "milk" });
    expect((await headManifest()).count).toBe(1);
    expect(rig.counted.get("VectorsRemoved")).toBe(4);
    await rig.embed(tea, 9_000_000);
    await compact(100);
    expect(await rig.published([milk, tea])).toEqual({ [milk.ids[0] ?? ""]: "milk", ...contentOf([tea]) });
    // Into the next base, with the removal.
    await publish(1, deltaOf(3, "eggs", ["eggs"]));
    const manifest = await headManifest();
    expect(manifest).toMatchObject({ database: manifest.name, count: 5 });
  });

  test("is published before the delta of a new run in the same cycle is read", async () => {
    const eggs = deltaOf(3, "eggs", ["eggs", "ham"]);
    await rig.embed(eggs);
    const parts = await rig.process({ foldVectors: 100 });
    const shown: unknown[] = [];
    const get = async (key: string) => {
      if (key === keyOf(eggs)) shown.push((await merchants(milk, tea)).milk);
      return parts.deltas.get(key);
    };
    await rig.invoke({ ...parts, deltas: { ...parts.deltas, get } });
    expect(shown).toEqual(["CAFE"]);
    expect(rig.sqs.at(queueUrl).messages).toEqual([]);
    expect(await merchants(milk, tea, eggs)).toMatchObject({ milk: "CAFE", eggs: undefined });
  });

  test("what a step fails or dies at is published once, by the next cycle, and nothing is acknowledged before", async () => {
    for (const at of ["read deltas", "write segment", "move head", "acknowledge"] as const) {
      await rename(1, `CAFE ${at}`);
      const before = await rig.head();
      const dying = await rig.process({ foldVectors: 100 }, (step) => {
        if (step === at) throw new Error(`killed at ${at}`);
      });
      await expect(rig.invoke(dying)).rejects.toThrow(`killed at ${at}`);
      rig.sqs.reveal(queueUrl);
      expect(rig.sqs.at(queueUrl).messages.length).toBeGreaterThan(0);
      const left = await rig.head();
      expect(left === before).toBe(at !== "acknowledge");
      await compact(100);
      // What was published before the death is not published again.
      expect((await rig.head()) === left).toBe(at === "acknowledge");
      expect(await merchants(milk, tea)).toMatchObject({ milk: `CAFE ${at}`, bread: `CAFE ${at}` });
    }
    // What the failed cycles left behind is gone, and what is named is there.
    const named = new Set<string>();
    for (const { name } of await rig.generations.list()) {
      for (const segment of (await rig.generations.manifest(name)).segments) named.add(segment.name);
    }
    expect(new Set(await segmentFiles())).toEqual(named);
  });

  test("F3: nothing is published over a head that another one has moved", async () => {
    const { client, controlTable } = rig.tables;
    const counted = new Map(rig.counted);
    const parts = await rig.process({ foldVectors: 100 }, (step) => {
      if (step !== "move head") return;
      void client.send(
        new UpdateCommand({
          TableName: controlTable,
          Key: collectionKey("lines"),
          UpdateExpression: "SET head_name = :other",
          ExpressionAttributeValues: { ":other": "00000009-9" },
        }),
      );
    });
    await expect(rig.invoke(parts)).rejects.toThrow("was not published");
    expect(rig.sqs.at(queueUrl).messages).toHaveLength(1);
    // The redelivered message is merged again, and counts then.
    for (const name of ["VectorsWritten", "VectorsUpdated", "VectorsRemoved"]) {
      expect([name, rig.counted.get(name)]).toEqual([name, counted.get(name)]);
    }
  });
});

test("many small publishes leave few segments, and no generation that is kept lacks one", async () => {
  await publishBase(milk, tea);
  for (let time = 0; time < 20; time += 1) {
    await rename(1 + (time % 2), `CAFE ${time}`);
    await compact(100);
  }
  const { segments } = await headManifest();
  expect(segments.length).toBeLessThanOrEqual(16);
  expect(await merchants(milk, tea)).toMatchObject({ milk: "CAFE 18", tea: "CAFE 19" });
  for (const { name } of await rig.generations.list()) expect(await rig.generations.isSound(name)).toBe(true);
});

test("the base and the segments of the head outlive the generations that wrote them; all else goes", async () => {
  await publishBase(milk, tea);
  const garbage = { kept: 1, maxReaderMs: -1_000_000 };
  for (const [image, merchant] of [
    [1, "CAFE"],
    [2, "BAR"],
    [1, "BISTRO"],
  ] as const) {
    await rename(image, merchant);
    await rig.invoke(await rig.process({ foldVectors: 100, garbage }));
  }
  expect(await merchants(milk, tea)).toMatchObject({ milk: "BISTRO", tea: "BAR" });
  expect((await rig.generations.list()).map(({ name }) => name)).toEqual(["00000001-1", "00000004-4"]);
  const { segments } = await headManifest();
  expect(await segmentFiles()).toEqual(segments.map(({ name }) => name));
  await publish(1, deltaOf(3, "eggs", ["eggs"]));
  await rename(1, "CAFE");
  await rig.invoke(await rig.process({ foldVectors: 100, garbage }));
  expect((await rig.generations.list()).map(({ name }) => name)).toEqual(["00000006-6", "00000007-7"]);
  expect(await merchants(milk, tea, deltaOf(3, "eggs", ["eggs"]))).toMatchObject({
    milk: "CAFE",
    tea: "BAR",
  });
});

test("a cycle leaves more than a reader can open at once to the next one", async () => {
  const many = Array.from({ length: 90 }, (_, at) => deltaOf(at + 1, `run-${at}`, [`milk ${at}`]));
  for (const delta of many) await rig.embed(delta);
  const parts = await rig.process({ foldVectors: 1_000, drainMessages: 1_000 });
  await rig.invoke(parts);
  const { count } = await headManifest();
  expect(count).toBeGreaterThanOrEqual(64);
  expect(count).toBeLessThan(90);
  await rig.invoke(parts);
  expect(await headManifest()).toMatchObject({ count: 90 });
  expect(rig.sqs.at(queueUrl).messages).toEqual([]);
});

test("the first publish of a shard needs no database", async () => {
  await publish(100, milk);
  expect(await headManifest()).toMatchObject({ database: null, database_count: 0, count: 2 });
  expect(await rig.published([milk])).toEqual(contentOf([milk]));
  expect(await rig.stateOf(milk)).toMatchObject({ state: "COMPLETED", mergedVectors: 2 });
});

describe("F46: a head whose files are gone", () => {
  /** Milliseconds that a cycle waits for what the file system does not show. */
  async function waitedFor(): Promise<number> {
    const clock = new ManualClock();
    const parts = await rig.process({ foldVectors: 100 });
    const generations = new Generations(join(rig.generations.folder, "../.."), "lines", clock);
    await rig.invoke({ ...parts, generations });
    return clock.now();
  }

  beforeEach(async () => {
    await publish(100, milk);
    await rm(join(rig.generations.folder, ".."), { recursive: true });
    await rig.embed(tea);
  });

  test("is waited for once where it may not show yet, and its repair is asked for", async () => {
    expect(await waitedFor()).toBe(60_000);
    expect(rig.asked).toMatchObject([{ reason: "repair", found: "00000001-1" }]);
  });

  test("is not waited for where it was published long ago", async () => {
    await publishedLongAgo(rig.tables, "lines");
    expect(await waitedFor()).toBe(0);
    expect(rig.asked).toMatchObject([{ reason: "repair", found: "00000001-1" }]);
    // Nor by those who look at the history of generations.
    const clock = new ManualClock();
    const generations = new Generations(join(rig.generations.folder, "../.."), "lines", clock);
    await listGenerations({ shard: "lines", control: rig.tables, generations });
    expect(clock.now()).toBe(0);
  });
});

describe("what an older release has published", () => {
  /** As it was written before there were index files. */
  async function withoutIndex(): Promise<void> {
    const folder = rig.generations.pathOf((await rig.head()) ?? "");
    const { index, ...written } = JSON.parse(await readFile(join(folder, manifestFile), "utf8"));
    expect(index).toBeDefined();
    await writeFile(join(folder, manifestFile), JSON.stringify(written));
    await rm(join(folder, "index.vki"));
  }

  test("is read as a base, and the first cycle over it gives it an index", async () => {
    await publishBase(milk, tea);
    await withoutIndex();
    expect(await rig.published([milk, tea])).toEqual(contentOf([milk, tea]));
    await rename(1, "CAFE");
    await compact(100);
    const base = await headManifest();
    expect(base).toMatchObject({ database: base.name, segments: [] });
    expect(base.index).toBeDefined();
    // Which run of the other one is published, only the tables say.
    await rename(2, "BAR");
    await compact(100);
    expect(await headManifest()).toMatchObject({ database: base.name, count: 5 });
    expect(await merchants(milk, tea)).toMatchObject({ milk: "CAFE", tea: "BAR" });
  });
});

describe("deltas", () => {
  test("that kept generations name are noted before they are published, and forgotten when none does", async () => {
    await publishBase(milk, tea);
    const named = new NamedDeltas(rig.tables, "lines");
    expect(await named.has(keyOf(milk))).toBe(false);
    await rename(1, "CAFE");
    let atPublish: boolean | undefined;
    const parts = await rig.process({ foldVectors: 100 }, (step) => {
      if (step === "write segment") void named.has(keyOf(milk)).then((has) => (atPublish = has));
    });
    await rig.invoke(parts);
    expect(atPublish).toBe(true);
    expect([await named.has(keyOf(milk)), await named.has(keyOf(tea))]).toEqual([true, false]);
    const garbage = { kept: 1, maxReaderMs: -1_000_000 };
    await rig.embed(deltaOf(3, "eggs", ["eggs"]));
    await rig.invoke(await rig.process({ foldVectors: 1, garbage }));
    await rig.foldWhatIsAsked();
    // A fold forgets none: a publish beside it may be about to name one.
    expect(await named.has(keyOf(milk))).toBe(true);
    await rename(2, "BISTRO");
    await rig.invoke(await rig.process({ foldVectors: 100, garbage }));
    expect([await named.has(keyOf(milk)), await named.has(keyOf(tea))]).toEqual([false, true]);
    expect(await segmentFiles()).toEqual((await headManifest()).segments.map(({ name }) => name));
  });

  test("that are above the base already are noted once", async () => {
    await publishBase(milk);
    await rename(1, "CAFE");
    await compact(100);
    const add = jest.spyOn(NamedDeltas.prototype, "add");
    await rename(1, "BAR");
    await compact(100);
    expect(add).not.toHaveBeenCalled();
    await rig.embed(deltaOf(3, "eggs", ["eggs"]));
    await compact(100);
    expect(add).toHaveBeenCalledTimes(1);
    add.mockRestore();
    expect(await new NamedDeltas(rig.tables, "lines").has(keyOf(milk))).toBe(true);
  });

  test("are not forgotten by a holder that has lost its lease", async () => {
    const named = new NamedDeltas(rig.tables, "lines");
    expect(await named.add([keyOf(milk)], 6)).toBe(true);
    expect(await named.keepOnly([], 5)).toBe(false);
    expect(await named.add([keyOf(tea)], 5)).toBe(false);
    expect([await named.has(keyOf(milk)), await named.has(keyOf(tea))]).toEqual([true, false]);
  });

  test("of which one is lost stay above the next base, and its changes fail; all others go into it", async () => {
    await publishBase(milk, tea);
    await rename(1, "CAFE");
    await compact(100);
    rig.bucket.delete(keyOf(milk));
    await rename(1, "BAR");
    await rename(2, "BISTRO");
    await rig.invoke(await rig.process({ foldVectors: 1, maxFailures: 2 }));
    expect(await rig.foldWhatIsAsked()).toBe(1);
    const manifest = await headManifest();
    expect(manifest).toMatchObject({ database: manifest.name, segments: [{ entries: 1 }], count: 5 });
    rig.bucket.set(keyOf(milk), encodeDelta(milk));
    expect(await merchants(milk, tea)).toMatchObject({ milk: "CAFE", tea: "BISTRO" });
    rig.sqs.reveal(queueUrl);
    await compact(100);
    expect(await merchants(milk, tea)).toMatchObject({ milk: "BAR", tea: "BISTRO" });
  });

  test.each([
    ["half of a surrogate pair", { documents: ["milk\ud800", "bread"] }],
    ["a number that is none", { vectors: Buffer.from(new Float32Array(16).fill(Number.NaN).buffer) }],
  ])("F8 F30 F33: one with %s fails alone, though no store was asked for it", async (_, changed) => {
    const bad: Delta = { ...milk, ...changed };
    await rig.embed(bad);
    await rig.embed(tea);
    rig.bucket.set(keyOf(milk), encodeDelta(bad));
    expect(decodeDelta(rig.bucket.get(keyOf(milk)) ?? Buffer.of()).runId).toBe("milk");
    const parts = await rig.process({ foldVectors: 100, maxFailures: 2 });
    for (let time = 0; time < 2; time += 1) {
      await rig.invoke(parts);
      rig.sqs.reveal(queueUrl);
    }
    expect(await rig.published([tea])).toEqual(contentOf([tea]));
    expect(rig.sqs.at(deadLetterUrl).messages).toHaveLength(1);
  });
});

test("a generation with segments is restored as it was, and nothing is copied", async () => {
  await publishBase(milk, tea);
  await rename(1, "CAFE");
  await compact(100);
  const content = await headManifest();
  await rename(1, "BAR");
  await compact(100);
  const { shard, generations, runs, tables, sqs } = rig;
  const queueUrls = { lines: [queueUrl], words: ["https://sqs.local/words.fifo"] };
  const queues = new RunQueues({ client: sqs.client, queueUrls, region: "us-east-1" });
  const restored = await restoreGeneration(
    {
      shard,
      model,
      dimensions,
      control: tables,
      leaseMs: 5_000,
      generations,
      redrive: (receipt, time) => redriveDocument({ runs, queues }, receipt, time),
      clock: monotonicClock,
      log: silentLog,
      onStep: () => undefined,
    },
    2,
    5_000,
  );
  expect(restored.documents).toEqual([{ imageId: milk.imageId, receiptId: 1 }]);
  const { database, segments } = await headManifest();
  expect({ database, segments }).toEqual({ database: content.database, segments: content.segments });
  expect(await merchants(milk, tea)).toMatchObject({ milk: "CAFE", bread: "CAFE" });
  // The newer change is published again by itself.
  await compact(100);
  expect(await merchants(milk, tea)).toMatchObject({ milk: "BAR", bread: "BAR" });
});
