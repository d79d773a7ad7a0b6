import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DynamoDBDocumentClient, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { collectGarbage } from "../../../core/collections/generations/collect-garbage.ts";
import { generationHistory } from "../../../core/collections/generations/generation-history.ts";
import { GenerationCorruptError } from "../../../core/collections/generations/generation-reader.ts";
import { Generations } from "../../../core/collections/generations/generations.ts";
import { PublishConflictError } from "../../../core/collections/generations/head.ts";
import { listGenerations } from "../../../core/collections/generations/list-generations.ts";
import { databaseFolder, manifestFile } from "../../../core/collections/generations/manifest.ts";
import { CollectionOfOtherModelError } from "../../../core/collections/generations/other-model-error.ts";
import { collectionKey } from "../../../core/collections/lease/collection-key.ts";
import { acquireLease, LeaseLostError } from "../../../core/collections/lease/lease.ts";
import { CollectionBusyError } from "../../../core/collections/lease/under-lease.ts";
import {
  GenerationNotRestorableError,
  type RestoreDeps,
  type Restored,
  type RestoreStep,
  restoreGeneration,
  restoreSteps,
} from "../../../core/collections/restore/restore-generation.ts";
import { silentLog } from "../../../core/log.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";
import { redriveDocument } from "../../../core/runs/redrive-document.ts";
import { RunQueues } from "../../../core/runs/run-queues.ts";
import { everyday } from "../../faults/seeds.ts";
import { besideHolder } from "../../unit/collections/beside-holder.ts";
import { CompactionRig, queueUrl, type RigConfig } from "../../unit/collections/compaction-rig.ts";
import { itemsOf } from "../../unit/collections/receipt-items.ts";
import { contentOf, deltaOf, dimensions, model } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(60_000);

const milk = deltaOf(1, "milk", ["milk", "bread"]);
const butter = deltaOf(1, "butter", ["butter"]);
const tea = deltaOf(2, "tea", ["tea"]);
const cake = deltaOf(3, "cake", ["cake"]);
/** What the last of the three generations holds that every test begins with. */
const allOf = [butter, tea, cake];

let rig: CompactionRig;

async function startRigOf(config?: RigConfig): Promise<void> {
  rig = await CompactionRig.start();
  for (const added of [[milk], [butter, tea], [cake]]) {
    for (const delta of added) await rig.embed(delta);
    await compact(config);
  }
}

const startRig = () => startRigOf();
/** Its generations are bases, which share files. */
const startRigOfBases = () => startRigOf({ writesBases: true });

const stopRig = () => rig.stop();

const queued = () => rig.sqs.at(queueUrl).messages;

const compact = (config?: RigConfig) => rig.compact(config);

function portsOf(changed: Partial<RestoreDeps> = {}): RestoreDeps {
  const { shard, generations, runs, tables } = rig;
  const queueUrls = { lines: [queueUrl], words: ["https://sqs.local/words.fifo"] };
  const queues = new RunQueues({ client: rig.sqs.client, queueUrls, region: "us-east-1" });
  return {
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
    ...changed,
  };
}

function restore(generation: number, changed?: Partial<RestoreDeps>): Promise<Restored> {
  return restoreGeneration(portsOf(changed), generation, 5_000);
}

const published = (of: readonly (typeof milk)[] = allOf) => rig.published(of);

describe("restoring a generation", () => {
  beforeEach(startRig);
  afterEach(stopRig);

  test("publishes its content at once, as the next one, made from the one that it replaces", async () => {
    const { head, content, documents: receipts, silent } = await restore(1);
    expect(head).toMatchObject({ generation: 4, name: "00000004-5" });
    expect({ content, silent }).toEqual({ content: "00000001-1", silent: [] });
    expect(receipts.map(({ imageId }) => imageId).sort()).toEqual(
      [milk, tea, cake].map((one) => one.imageId),
    );
    expect(await rig.head()).toBe("00000004-5");
    expect(await published([milk])).toEqual(contentOf([milk]));
    expect(await rig.generations.manifest("00000004-5")).toMatchObject({
      base: "00000003-3",
      restored: "00000001-1",
      count: 2,
      receipts: receipts.map(({ imageId, receiptId }) => ({ image_id: imageId, receipt_id: receiptId })),
    });
  });

  test("lets the next cycles bring back all that is newer, changes and removals too", async () => {
    rig.announce([await rig.put(itemsOf(2).metadata, { merchant_name: "Tea Room" })]);
    await compact();
    rig.announce([await rig.remove(await put(itemsOf(3).receipt))]);
    await compact();
    await restore(3);
    expect(await published()).toEqual(contentOf(allOf));

    await compact();

    const stored = await rig.publishedVectors([butter, tea]);
    expect(stored.map(({ document }) => document).sort()).toEqual(["butter", "tea"]);
    expect(stored.find(({ document }) => document === "tea")?.metadata.merchant_name).toBe("Tea Room");
    for (const delta of [butter, tea]) expect(await rig.stateOf(delta)).toMatchObject({ state: "COMPLETED" });
  });

  test("drives only those receipts again that are newer", async () => {
    await restore(2);
    expect(queued().map(({ groupId }) => groupId)).toEqual([expect.stringContaining(cake.imageId)]);
    await compact();
    expect(await published()).toEqual(contentOf(allOf));
  });

  test("keeps the history a chain: back and forth, and the garbage of it is known", async () => {
    await restore(1);
    const { documents: receipts } = await restore(3);
    expect(receipts).toHaveLength(3);
    expect(await published()).toEqual(contentOf(allOf));
    const head = { name: "00000005-7", publishedAt: new Date().toISOString() };
    const history = await generationHistory(rig.generations, head);
    expect(history.map(({ generation }) => generation)).toEqual([5, 4, 3, 2, 1]);
    // Files carry the kernel's coarse time, which may lie behind: nothing here is younger than this.
    const rules = { kept: 2, maxReaderMs: -1_000 };
    await collectGarbage(rig.generations, head, 8, rules, silentLog);
    const again = await generationHistory(rig.generations, head);
    expect(again.map(({ generation }) => generation)).toEqual([5, 4]);
    expect(await published()).toEqual(contentOf(allOf));
  });

  test("the list has every generation with what it holds and where it comes from, newest first", async () => {
    await restore(2);
    const [restored, replaced, ...older] = await listGenerations(portsOf());
    expect(restored).toMatchObject({
      generation: 4,
      name: "00000004-5",
      head: true,
      facts: { vectors: 2, base: "00000003-3", restored: "00000002-2", receipts: 1 },
    });
    expect(restored?.facts?.bytes).toBeGreaterThan(0);
    expect(restored?.facts?.bytes).toBe(older[0]?.facts?.bytes);
    expect(Date.parse(restored?.facts?.written_at ?? "")).toBeCloseTo(Date.now(), -5);
    expect(replaced).toMatchObject({
      head: false,
      facts: { vectors: 3, restored: null, base: "00000002-2" },
    });
    expect(older.map(({ generation, facts }) => [generation, facts?.base])).toEqual([
      [2, "00000001-1"],
      [1, null],
    ]);
    expect(await listGenerations({ ...portsOf(), shard: "words" })).toEqual([]);
  });
});

async function put(key: ReturnType<typeof itemsOf>["receipt"]) {
  await rig.put(key);
  return key;
}

describe("a restoring process that dies", () => {
  beforeEach(startRig);
  afterEach(stopRig);

  /** Everything that it calls fails from a moment on, what would tidy up included. */
  function mortal() {
    let dead = false;
    const send = (command: never) =>
      dead ? Promise.reject(new Error("dead")) : rig.tables.client.send(command);
    const client = { send } as unknown as DynamoDBDocumentClient;
    return {
      control: { ...rig.tables, client },
      die: (why: string): never => {
        dead = true;
        throw new Error(why);
      },
    };
  }

  async function allIsBack(): Promise<void> {
    await rig.outliveDead();
    await compact();
    expect(await published()).toEqual(contentOf(allOf));
    for (const delta of allOf) expect(await rig.stateOf(delta)).toMatchObject({ state: "COMPLETED" });
  }

  test.each(everyday(restoreSteps, ["write generation", "move head"]))(
    "at step `%s` leaves nothing half restored, and all is found again",
    async (step) => {
      const { control, die } = mortal();
      const onStep = (at: RestoreStep) => (at === step ? die(`killed at ${step}`) : undefined);
      await expect(restore(1, { control, onStep })).rejects.toThrow(`killed at ${step}`);
      const moved = step === "release";
      expect(await published(moved ? [milk] : allOf)).toEqual(contentOf(moved ? [milk] : allOf));
      await allIsBack();

      // A second attempt is not blocked by the first.
      await restore(2);
      expect(await published([butter, tea])).toEqual(contentOf([butter, tea]));
      await allIsBack();
    },
  );

  test("between two receipts has moved nothing, and the redriven one is current", async () => {
    const { control, die } = mortal();
    const { redrive } = portsOf();
    let driven = 0;
    const once: RestoreDeps["redrive"] = async (receipt, time) => {
      driven += 1;
      if (driven > 1) die("killed");
      await redrive(receipt, time);
    };
    await expect(restore(1, { control, redrive: once })).rejects.toThrow("killed");
    expect(await rig.head()).toBe("00000003-3");
    await allIsBack();
    for (const { name } of await rig.generations.list())
      expect((await rig.generations.manifest(name)).restored).toBeUndefined();
  });

  /** As another process does that has seen this one silent for a whole lease. */
  function takeOver() {
    return rig.tables.client.send(
      new UpdateCommand({
        TableName: rig.tables.controlTable,
        Key: collectionKey("lines"),
        UpdateExpression: "SET lease_owner = :other ADD lease_token :one",
        ExpressionAttributeValues: { ":other": "other", ":one": 1 },
      }),
    );
  }

  test("F3: that was paused until another one took over moves no head, whatever its clock says", async () => {
    const redrive = async () => void (await takeOver());
    await expect(restore(2, { leaseMs: 60_000, redrive })).rejects.toThrow(PublishConflictError);
    expect(await rig.head()).toBe("00000003-3");
  });

  test("F3: that was paused beyond its lease stops by itself", async () => {
    let paused = 0;
    const clock = { ...monotonicClock, now: () => monotonicClock.now() + paused };
    const redrive = async () => {
      paused = 60_000;
    };
    await expect(restore(2, { leaseMs: 60_000, clock, redrive })).rejects.toThrow(LeaseLostError);
    expect(await rig.head()).toBe("00000003-3");
  });
});

test("restoring a base copies nothing: its files are the old ones by other names", async () => {
  await startRigOfBases();
  await restore(1);
  const { files } = await rig.generations.manifest("00000001-1");
  expect(files.length).toBeGreaterThan(0);
  for (const { path } of files) {
    const inodes = ["00000001-1", "00000004-5"].map(
      async (name) => (await stat(join(rig.generations.pathOf(name), databaseFolder, path))).ino,
    );
    expect(new Set(await Promise.all(inodes)).size).toBe(1);
  }
  await stopRig();
});

describe("a corrupt base", () => {
  beforeEach(startRigOfBases);
  afterEach(stopRig);

  const file = (name: string, path: string) => join(rig.generations.pathOf(name), path);
  const firstFileOf = async (name: string) => {
    const { files } = await rig.generations.manifest(name);
    return file(name, join(databaseFolder, files[0]?.path ?? ""));
  };
  /** Whose clock passes over the minute that a file may be late by. */
  const clock = { ...monotonicClock, now: () => 60_000 * ++looks };
  let looks = 0;
  const unreadable = (name: string) => writeFile(file(name, manifestFile), "{");

  test("is not restored, whatever is wrong with its files, and nothing else is changed", async () => {
    const own = await firstFileOf("00000001-1");
    // The newer generations may share the file itself.
    await rm(own);
    await expect(restore(1)).rejects.toThrow(GenerationCorruptError);
    await writeFile(own, "flipped");
    await expect(restore(1)).rejects.toThrow(GenerationCorruptError);
    await rm(file("00000001-1", databaseFolder), { recursive: true });
    await expect(restore(1)).rejects.toThrow(GenerationCorruptError);

    expect(await rig.head()).toBe("00000003-3");
    expect(queued()).toEqual([]);
    const left = (await rig.generations.list()).filter(({ name }) => !name.startsWith(".tmp-"));
    expect(left.map(({ name }) => name)).toEqual(["00000001-1", "00000002-2", "00000003-3"]);
    expect(await published()).toEqual(contentOf(allOf));
  });

  test("without a manifest that can be read is not restored, and those before it still are", async () => {
    await unreadable("00000002-2");
    await expect(restore(2)).rejects.toThrow(GenerationCorruptError);
    const { documents: receipts, silent } = await restore(1);
    expect(silent).toEqual(["00000002-2"]);
    expect(receipts.map(({ imageId }) => imageId)).toEqual([cake.imageId]);
    expect(await published([milk])).toEqual(contentOf([milk]));
  });

  test("that is the head is left for an older one, which says that more may be missing", async () => {
    await unreadable("00000003-3");
    const generations = new Generations(join(rig.generations.folder, "../.."), "lines", clock);
    const { silent, head } = await restore(2, { generations });
    expect({ silent, name: head.name }).toEqual({ silent: ["00000003-3"], name: "00000004-5" });
    expect(await published([butter, tea])).toEqual(contentOf([butter, tea]));
  });

  test("is listed as one of which nothing is known", async () => {
    await unreadable("00000002-2");
    const listed = await listGenerations(portsOf());
    expect(listed.map(({ generation, facts }) => [generation, facts?.vectors])).toEqual([
      [3, 3],
      [2, undefined],
      [1, 2],
    ]);
  });
});

describe("what cannot be restored", () => {
  beforeAll(startRig);
  afterAll(stopRig);

  test.each([
    [3, /it is the published one/],
    [4, /older ones that are kept: 2, 1/],
    [0, /older ones that are kept: 2, 1/],
  ])("generation %i is refused", async (generation, why) => {
    const attempt = restore(generation);
    await expect(attempt).rejects.toThrow(GenerationNotRestorableError);
    await expect(attempt).rejects.toThrow(why);
    expect(queued()).toEqual([]);
  });

  test("a shard that has published nothing has none", async () => {
    await expect(restore(1, { shard: "words" })).rejects.toThrow(/nothing is published/);
  });

  test("one of another model would take no more deltas", async () => {
    await expect(restore(1, { model: "other" })).rejects.toThrow(CollectionOfOtherModelError);
    await expect(restore(1, { dimensions: dimensions + 1 })).rejects.toThrow(CollectionOfOtherModelError);
  });

  test("while another process compacts and lives, nothing is", async () => {
    const options = { ...rig.tables, shard: "lines", clock: monotonicClock, leaseMs: 1_000 } as const;
    const lease = await acquireLease(options, { waitMs: 0, maxWaitMs: 0 });
    const beats = setInterval(() => void lease?.beat(), 100);
    await expect(restoreGeneration(portsOf(), 1, 1_500)).rejects.toThrow(CollectionBusyError);
    clearInterval(beats);
    await lease?.release();
  });

  test("does nothing while a fold runs, whose garbage what it restores may be", async () => {
    const head = await rig.head();
    await besideHolder(rig, "fold", async () => {
      await expect(restoreGeneration(portsOf(), 1, 1_500)).rejects.toThrow(CollectionBusyError);
    });
    expect(await rig.head()).toBe(head);
    expect((await restoreGeneration(portsOf(), 1, 1_500)).content).toBe("00000001-1");
  });
});
