import { appendFile, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { readHead } from "../../../core/collections/generations/head.ts";
import { underLease } from "../../../core/collections/lease/under-lease.ts";
import { checkHead } from "../../../core/collections/rebuild/check-head.ts";
import {
  type RebuildDeps,
  type RebuildOptions,
  type RebuildStep,
  type Rebuilt,
  rebuild,
  rebuildSteps,
} from "../../../core/collections/rebuild/rebuild.ts";
import {
  NothingRebuiltError,
  RebuildIncompleteError,
  RebuildStalledError,
} from "../../../core/collections/rebuild/rebuild-errors.ts";
import { readRebuild } from "../../../core/collections/rebuild/rebuild-record.ts";
import { deltaKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import { silentLog } from "../../../core/log.ts";
import { receiptKey } from "../../../core/receipts/receipt.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";
import { currentKey, runKey } from "../../../core/runs/run-item.ts";
import { chosen, everyday } from "../../faults/seeds.ts";
import { CompactionRig, type RigConfig } from "../../unit/collections/compaction-rig.ts";
import { itemsOf } from "../../unit/collections/receipt-items.ts";
import { contentOf, deltaOf } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(90_000);

const milk = deltaOf(1, "milk", ["milk", "bread"]);
const butter = deltaOf(1, "butter", ["butter"]);
const tea = deltaOf(2, "tea", ["tea", "sugar"]);
const cake = deltaOf(3, "cake", ["cake"]);
const oil = deltaOf(4, "oil", ["oil"]);
const known = [butter, tea, cake];

let rig: CompactionRig;
beforeEach(async () => {
  rig = await CompactionRig.start();
});
afterEach(() => rig.stop());

const queued = () => rig.sqs.at(rig.queues.queue).messages;
const receiptsOf = (deltas: readonly (typeof milk)[]) => deltas.map(receiptKey).sort();

const bases = { writesBases: true };

/** Three generations: content, newer content of a receipt, a merchant's name, and a line that was removed. */
async function publishSomeAs(config?: RigConfig): Promise<void> {
  await rig.embed(milk);
  await rig.compact(config);
  for (const delta of known) await rig.embed(delta);
  await rig.compact(config);
  rig.announce([await rig.put(itemsOf(2).metadata, { merchant_name: "Tea Room" })]);
  await rig.put(itemsOf(2).line(2));
  rig.announce([await rig.remove(itemsOf(2).line(2))]);
  await rig.compact(config);
}

const publishSome = () => publishSomeAs();
const publishSomeBases = () => publishSomeAs(bases);

/** Expects what `publishSome` published, and these. */
async function isWhole(more: readonly (typeof milk)[] = []): Promise<void> {
  const [, sugar = ""] = tea.ids;
  const due = contentOf([...known, ...more]);
  delete due[sugar];
  const stored = await rig.publishedVectors([...known, ...more]);
  expect(Object.fromEntries(stored.map(({ id, document }) => [id, document]))).toEqual(due);
  expect(stored.find(({ document }) => document === "tea")?.metadata.merchant_name).toBe("Tea Room");
}

/** Of all that was published, nothing is left. */
const loseAll = () => rm(join(rig.generations.folder, "../.."), { recursive: true });

/** By the head's own word. */
async function publishedLongAgo(): Promise<void> {
  const { client, controlTable } = rig.tables;
  await client.send(
    new UpdateCommand({
      TableName: controlTable,
      Key: { PK: "COLLECTION#lines", SK: "HEAD" },
      UpdateExpression: "SET head_published_at = :then",
      ExpressionAttributeValues: { ":then": "2026-01-01T00:00:00.000Z" },
    }),
  );
}

const rebuilt = async (options: Partial<RebuildOptions> = {}, changed: Partial<RebuildDeps> = {}) => {
  const parts = await rig.process();
  const { client, controlTable } = rig.tables;
  const leased = { ...parts, leaseMs: 5_000 };
  const work = underLease(leased, 60_000, async (lease) =>
    rebuild({ ...parts, ...changed }, lease, await readHead(client, controlTable, rig.shard), {
      until: Number.POSITIVE_INFINITY,
      publishesWithout: async () => false,
      onStep: () => undefined,
      ...options,
    }),
  );
  return work.finally(() => parts.workspace.discard());
};

/** A clock that reaches the deadline after `pages` pages of one receipt. */
function inParts(pages: number) {
  let past = 0;
  let begun = 0;
  const onStep = (step: RebuildStep) => {
    if (step === "apply" && ++begun >= pages) past = 1_000_000;
  };
  const clock = { ...monotonicClock, now: () => monotonicClock.now() + past };
  return { options: { until: monotonicClock.now() + 500_000, documentsPerPage: 1, onStep }, clock };
}

const rebuiltInPart = (pages: number, onStep?: (step: RebuildStep) => void) => {
  const { options, clock } = inParts(pages);
  const both = (step: RebuildStep) => {
    options.onStep(step);
    onStep?.(step);
  };
  return rebuilt({ ...options, onStep: both }, { clock });
};

describe("F46: a file system without the head", () => {
  beforeEach(publishSome);

  test("is filled again from the deltas by the repair that the next cycle asks for, and the cycle's messages follow", async () => {
    await loseAll();
    await rig.embed(oil);
    await rig.invoke(await rig.process());
    expect(rig.asked).toMatchObject([{ reason: "repair" }]);
    expect(queued()).toHaveLength(1);
    await rig.compact();
    await isWhole([oil]);
    expect(rig.counted.get("GenerationsRebuilt")).toBe(1);
    expect(rig.counted.get("ReceiptsLeftOut")).toBe(0);
    expect(queued()).toEqual([]);
    expect(await rig.stateOf(oil)).toMatchObject({ state: "COMPLETED" });
  });

  test("that was published long ago is not waited for: each cycle has its time for the rebuild", async () => {
    await publishedLongAgo();
    await loseAll();
    await rig.embed(oil);
    const waits = jest.spyOn(rig.generations, "manifest");
    const head = await rig.head();
    await rig.invoke(await rig.process());
    await rig.foldWhatIsAsked();
    expect(waits).not.toHaveBeenCalledWith(head);
    await rig.compact();
    await isWhole([oil]);
  });

  test("is written whole by a process that still holds the head's content", async () => {
    const warm = await rig.process(bases);
    await rig.embed(milk);
    await rig.invoke(warm);
    await loseAll();
    await rig.embed(oil);
    await rig.invoke(warm);
    expect(rig.counted.get("GenerationsRebuilt")).toBeUndefined();
    await rig.embed(butter, 1_000_000);
    await rig.compact();
    await isWhole([oil]);
  });

  test("is written whole by such a process although no message changes anything", async () => {
    const warm = await rig.process(bases);
    await rig.embed(milk);
    await rig.invoke(warm);
    const lost = await rig.head();
    await loseAll();
    await warm.queues.lookAgain(tea, new Date().toISOString());
    await rig.invoke(warm);
    expect(await rig.head()).not.toBe(lost);
    expect(await rig.generations.isSound((await rig.head()) ?? "")).toBe(true);
    expect(await rig.published([milk, tea, cake])).toMatchObject(contentOf([milk, cake]));
  });

  test("publishes nothing before it is complete, and each cycle continues from the one before", async () => {
    await loseAll();
    const head = await rig.head();
    expect(await rebuiltInPart(2)).toMatchObject({ state: "unfinished", done: 1, known: 3 });
    expect(await rig.head()).toBe(head);
    expect(await readRebuild(rig.tables, rig.shard)).toMatchObject({ receipts_done: 1, receipts_known: 3 });
    expect(await rebuiltInPart(2)).toMatchObject({ state: "unfinished", done: 2, known: 3 });
    expect(await rebuilt()).toMatchObject({ state: "published", documents: 3 });
    await isWhole();
    expect(await rig.generations.checkpoints.list()).toEqual([]);
  });

  test("is noticed without any change, and its repair is asked for without a cycle", async () => {
    const check = async () => {
      const { folds } = await rig.process();
      const { shard, tables: control, generations } = rig;
      return checkHead({ shard, control, generations, folds, log: silentLog });
    };
    expect(await check()).toBe("whole");
    expect(rig.asked).toEqual([]);
    await loseAll();
    expect(await check()).toBe("whole");
    await publishedLongAgo();
    expect(await check()).toBe("lost");
    expect(await check()).toBe("lost");
    expect([queued(), rig.asked]).toMatchObject([[], [{ reason: "repair", found: await rig.head() }]]);
    expect(await rig.foldWhatIsAsked()).toBe(1);
    await isWhole();
    expect(await check()).toBe("whole");
  });

  test("and a head without a readable manifest: the whole collection is rebuilt", async () => {
    await rm(rig.generations.pathOf((await rig.head()) ?? ""), { recursive: true });
    await rig.embed(oil);
    await rig.compact();
    expect(rig.counted.get("GenerationsRebuilt")).toBe(1);
    await isWhole([oil]);
  });
});

describe("F38: files that all generations share", () => {
  beforeEach(publishSomeBases);

  async function corruptAll(corrupt: (file: string) => Promise<unknown>): Promise<void> {
    for (const { name } of await rig.generations.list()) {
      const folder = join(rig.generations.pathOf(name), "chroma");
      const files = await readdir(folder, { recursive: true, withFileTypes: true });
      const [file] = files.filter((entry) => entry.isFile());
      if (file) await corrupt(join(file.parentPath, file.name));
    }
  }

  const flip = async (file: string) => {
    const bytes = await readFile(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await rm(file);
    await writeFile(file, bytes);
  };

  const corruptions: [string, (file: string) => Promise<void>][] = [
    ["with one byte flipped", flip],
    ["cut", (file: string) => truncate(file, 100)],
    ["with a byte more", (file: string) => appendFile(file, "x")],
    ["that are gone", (file: string) => rm(file)],
  ];

  test.each(chosen(corruptions, 1))(
    "%s: the collection is rebuilt, and shares no file with them",
    async (_, corrupt) => {
      await corruptAll(corrupt);
      await rig.embed(oil);
      await rig.compact(bases);
      await isWhole([oil]);
      expect(rig.counted.get("GenerationsRebuilt")).toBe(1);
    },
  );
});

describe("a rebuild of a sound collection", () => {
  beforeEach(publishSome);

  test("is a publish like any other: the next generation, of which the older ones stay", async () => {
    const before = await rig.head();
    const { head } = (await rebuilt()) as Extract<Rebuilt, { state: "published" }>;
    expect(head).toMatchObject({ base: before });
    const manifest = await rig.generations.manifest(head.name);
    expect(manifest).toMatchObject({ rebuilt: true, base: before, count: 3 });
    const receipts = manifest.receipts.map((one) =>
      receiptKey({ imageId: one.image_id, receiptId: one.receipt_id }),
    );
    expect(receipts.sort()).toEqual(receiptsOf(known));
    await isWhole();
  });

  test.each(everyday(rebuildSteps, ["checkpoint"]))(
    "that is killed at `%s` leaves what is published, and the next one ends it",
    async (step) => {
      const before = await rig.head();
      const die = (at: RebuildStep) => {
        if (at === step) throw new Error(`killed at ${step}`);
      };
      await expect(rebuiltInPart(2)).resolves.toMatchObject({ state: "unfinished" });
      const dying = step === "checkpoint" ? rebuiltInPart(2, die) : rebuilt({ onStep: die });
      await expect(dying).rejects.toThrow(`killed at ${step}`);
      expect(await rig.head()).toBe(before);
      await isWhole();
      expect(await rebuilt()).toMatchObject({ state: "published" });
      await isWhole();
    },
  );

  test("sees what others changed between two of its parts", async () => {
    expect(await rebuiltInPart(3)).toMatchObject({ state: "unfinished", done: 2 });
    // Published by ordinary cycles meanwhile: other content, another name, a receipt that goes, one that is new.
    for (const delta of [deltaOf(1, "cheese", ["cheese", "rind"]), oil]) await rig.embed(delta);
    rig.announce([await rig.put(itemsOf(2).metadata, { merchant_name: "Tea House" })]);
    await rig.put(itemsOf(3).receipt);
    rig.announce([await rig.remove(itemsOf(3).receipt)]);
    await rig.compact();
    await rebuilt();
    const stored = await rig.publishedVectors([milk, tea, cake, oil]);
    expect(stored.map(({ document }) => document).sort()).toEqual(["cheese", "oil", "rind", "tea"]);
    expect(stored.find(({ document }) => document === "tea")?.metadata.merchant_name).toBe("Tea House");
  });

  test("twice at once is done one after the other", async () => {
    const results = await Promise.all([rebuilt(), rebuilt()]);
    expect(results.map(({ state }) => state)).toEqual(["published", "published"]);
    await isWhole();
  });

  test("by a holder that lost its lease publishes nothing", async () => {
    const before = await rig.head();
    const takeOver = async () => {
      const { client, controlTable } = rig.tables;
      await client.send(
        new UpdateCommand({
          TableName: controlTable,
          Key: { PK: "COLLECTION#lines", SK: "HEAD" },
          UpdateExpression: "SET lease_owner = :other ADD lease_token :one",
          ExpressionAttributeValues: { ":other": "other", ":one": 1 },
        }),
      );
    };
    const items = { factsOf: rig.items.factsOf.bind(rig.items) };
    const facts = jest.spyOn(items, "factsOf").mockImplementationOnce(async (...args) => {
      await takeOver();
      return rig.items.factsOf(...args);
    });
    await expect(rebuilt({}, { items })).rejects.toThrow(/lease|Lease/);
    expect(facts).toHaveBeenCalled();
    expect(await rig.head()).toBe(before);
  });
});

describe("a receipt whose delta does not give it back", () => {
  beforeEach(publishSome);
  const [teaKey = ""] = receiptsOf([tea]);

  const losses: [string, () => Promise<unknown>][] = [
    ["delta is gone", async () => rig.bucket.delete(deltaKey(deltaPrefix({ ...tea, collection: "lines" })))],
    [
      "delta is unreadable",
      async () => rig.bucket.set(deltaKey(deltaPrefix({ ...tea, collection: "lines" })), Buffer.from("x")),
    ],
    [
      "run is gone",
      async () =>
        rig.tables.client.send(
          new DeleteCommand({ TableName: rig.tables.receiptsTable, Key: { ...runKey(tea) } }),
        ),
    ],
    [
      "CURRENT item is no such item",
      async () =>
        rig.tables.client.send(
          new UpdateCommand({
            TableName: rig.tables.controlTable,
            Key: { ...currentKey(tea) },
            UpdateExpression: "SET revision = :text",
            ExpressionAttributeValues: { ":text": "yesterday" },
          }),
        ),
    ],
  ];

  test.each(chosen(losses, 1))("as its %s keeps a sound generation from being replaced", async (_, lose) => {
    await lose();
    const before = await rig.head();
    await expect(rebuilt()).rejects.toThrow(RebuildIncompleteError);
    expect(await rig.head()).toBe(before);
    await isWhole();
  });

  test.each(chosen(losses, 1))(
    "as its %s is left out alone, and named, where nothing else is left",
    async (_, lose) => {
      await lose();
      await loseAll();
      const done = await rebuilt({ publishesWithout: async () => true });
      expect(done).toMatchObject({ state: "published", documents: 2 });
      if (done.state === "published") expect([...done.leftOut.keys()]).toEqual([teaKey]);
      expect(await rig.published([butter, cake])).toEqual(contentOf([butter, cake]));
      expect(rig.counted.get("ReceiptsLeftOut")).toBe(1);
    },
  );

  test("and none that does publishes no empty collection", async () => {
    rig.bucket.clear();
    const before = await rig.head();
    await expect(rebuilt({ publishesWithout: async () => true })).rejects.toThrow(NothingRebuiltError);
    expect(await rig.head()).toBe(before);
  });

  test("because storage does not respond loses nothing: the rebuild continues when it does", async () => {
    await loseAll();
    const get = async () => Promise.reject(new Error("SlowDown"));
    const deltas = { get, has: async () => true, put: async () => undefined };
    await expect(rebuilt({ publishesWithout: async () => true }, { deltas })).rejects.toThrow(
      RebuildStalledError,
    );
    await rebuilt();
    await isWhole();
  });
});
