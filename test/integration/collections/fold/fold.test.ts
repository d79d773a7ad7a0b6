import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { foldSteps } from "../../../../core/collections/cycle/cycle-deps.ts";
import { FoldStuckError } from "../../../../core/collections/fold/fold.ts";
import { FoldOutdatedError } from "../../../../core/collections/fold/publish-fold.ts";
import { PublishConflictError, readShardHead } from "../../../../core/collections/generations/head.ts";
import { acquireLease, LeaseLostError } from "../../../../core/collections/lease/lease.ts";
import { rebuildShard } from "../../../../core/collections/rebuild/rebuild-shard.ts";
import type { Delta } from "../../../../core/deltas/delta.ts";
import { deltaKey, deltaPrefix } from "../../../../core/deltas/keys.ts";
import { monotonicClock } from "../../../../core/resilience/clock.ts";
import { everyday } from "../../../faults/seeds.ts";
import { besideHolder } from "../../../unit/collections/beside-holder.ts";
import { CompactionRig, foldUrl, queueUrl, type RigDeps } from "../../../unit/collections/compaction-rig.ts";
import { itemsOf } from "../../../unit/collections/receipt-items.ts";
import { contentOf, deltaOf } from "../../../unit/collections/sample-deltas.ts";

jest.setTimeout(120_000);

let rig: CompactionRig;
beforeEach(async () => {
  rig = await CompactionRig.start();
});
afterEach(() => rig.stop());

const milk = deltaOf(1, "milk", ["milk", "bread"]);
const tea = deltaOf(2, "tea", ["tea", "cake", "jam"]);
const eggs = deltaOf(3, "eggs", ["eggs"]);
const small = { foldVectors: 100 };

/** As a cycle publishes that opens no database, until the queue is empty. */
async function publish(...deltas: Delta[]): Promise<void> {
  for (const delta of deltas) await rig.embed(delta);
  const parts = await rig.process(small);
  while (rig.sqs.at(queueUrl).messages.length > 0) {
    await rig.invoke(parts);
    rig.sqs.reveal(queueUrl);
  }
}

async function rename(image: number, merchant: string): Promise<void> {
  rig.announce([await rig.put(itemsOf(image).metadata, { merchant_name: merchant })]);
}

const fold = async (parts?: RigDeps) => rig.foldNow(parts ?? (await rig.process(small)));

/** A fold that lets something else happen right before it does what it is about to do. */
async function foldMeanwhile(method: "write" | "writeOverlay", meanwhile: () => Promise<void>) {
  const parts = await rig.process(small);
  let isDone = false;
  const generations = new Proxy(rig.generations, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== method) return value.bind(target);
      return async (...input: unknown[]) => {
        const answer: unknown = await value.apply(target, input);
        if (!isDone) {
          isDone = true;
          await meanwhile();
        }
        return answer;
      };
    },
  });
  return fold({ ...parts, generations });
}

const headManifest = async () => rig.generations.manifest((await rig.head()) ?? "");
const merchants = async (...deltas: Delta[]) =>
  Object.fromEntries(
    (await rig.publishedVectors(deltas)).map(({ document, metadata }) => [document, metadata.merchant_name]),
  );

/** As an operator does, who needs no lease of folds for it. */
async function rebuildAll(): Promise<void> {
  const parts = await rig.process();
  const deps = { ...parts, leaseMs: 5_000, onStep: () => undefined };
  await rebuildShard(deps, { maxWaitMs: 30_000, until: monotonicClock.now() + 60_000 });
}

describe("a fold", () => {
  test("writes what is above the base into the next one, and changes nothing that is shown", async () => {
    await publish(milk, tea);
    await rename(1, "CAFE");
    await publish();
    const before = await rig.publishedVectors([milk, tea]);
    expect(await fold()).toBe("folded");
    const manifest = await headManifest();
    expect(manifest).toMatchObject({ database: manifest.name, segments: [], count: 5, receipts: [] });
    const after = await rig.publishedVectors([milk, tea]);
    const shown = (some: typeof before) =>
      some.map(({ id, document, metadata }) => ({ id, document, metadata }));
    expect(shown(after)).toEqual(expect.arrayContaining(shown(before)));
    expect(await fold()).toBe("nothing");
  });

  test("keeps above it what is published while it writes, and is not repeated for it", async () => {
    await publish(milk, tea);
    const outcome = await foldMeanwhile("write", async () => {
      await rename(1, "CAFE");
      await publish(eggs);
    });
    expect(outcome).toBe("folded");
    const manifest = await headManifest();
    expect(manifest).toMatchObject({ database: "00000002-2", database_count: 5, count: 6 });
    expect(manifest.name).not.toBe(manifest.database);
    expect(await merchants(milk, tea, eggs)).toEqual({
      milk: "CAFE",
      bread: "CAFE",
      tea: undefined,
      cake: undefined,
      jam: undefined,
      eggs: undefined,
    });
    expect(await fold()).toBe("folded");
    expect(await headManifest()).toMatchObject({ database_count: 6, segments: [] });
  });

  test("makes only its manifest again where the head moves once more", async () => {
    await publish(milk);
    let isMoved = false;
    const writes = jest.spyOn(rig.generations, "write");
    const outcome = await foldMeanwhile("write", async () => {
      await publish(tea);
      const writeOverlay = rig.generations.writeOverlay.bind(rig.generations);
      jest.spyOn(rig.generations, "writeOverlay").mockImplementation(async (...input) => {
        const bytes = await writeOverlay(...input);
        if (!isMoved) {
          isMoved = true;
          await publish(eggs);
        }
        return bytes;
      });
    });
    expect(outcome).toBe("folded");
    expect(writes).toHaveBeenCalledTimes(1);
    expect(await headManifest()).toMatchObject({ database: "00000002-2", count: 6 });
    expect(await rig.published([milk, tea, eggs])).toEqual(contentOf([milk, tea, eggs]));
  });

  test("does not stop a publish: what was about to be published goes above the new base", async () => {
    await publish(milk, tea);
    await rename(1, "CAFE");
    let folded: Promise<unknown> | undefined;
    const parts = await rig.process(small);
    const { write } = rig.generations.segments;
    jest.spyOn(rig.generations.segments, "write").mockImplementationOnce(async (...input) => {
      folded = fold();
      await folded;
      return write.apply(rig.generations.segments, input);
    });
    expect(await rig.invoke(parts)).toEqual([]);
    expect(await folded).toBe("folded");
    expect(rig.counted.get("PublishConflicts")).toBeUndefined();
    expect(await headManifest()).toMatchObject({ database: "00000002-3", segments: [{ entries: 1 }] });
    expect(await merchants(milk, tea)).toMatchObject({ milk: "CAFE", bread: "CAFE" });
  });

  test("F48: that gets nothing into the next base writes none, and says so", async () => {
    await publish(milk);
    rig.bucket.delete(deltaKey(deltaPrefix(milk)));
    const [head, folders] = [await rig.head(), await rig.generations.list()];
    await expect(fold()).rejects.toThrow(FoldStuckError);
    expect(await rig.head()).toBe(head);
    expect(await rig.generations.list()).toEqual(folders);
    expect(rig.counted.get("FoldsFailed")).toBe(1);
    // What can be folded is, beside it.
    await publish(tea);
    expect(await fold()).toBe("folded");
    expect(await headManifest()).toMatchObject({ segments: [{ entries: 1 }], database_count: 3 });
    await expect(fold()).rejects.toThrow("none of the 1 receipts above it");
  });

  test("F50: is not published over a base that it does not follow, and the head stays as it is", async () => {
    await publish(milk, tea);
    const outcome = foldMeanwhile("write", rebuildAll);
    await expect(outcome).rejects.toThrow(FoldOutdatedError);
    expect(await headManifest()).toMatchObject({ rebuilt: true, segments: [] });
    expect(await rig.published([milk, tea])).toEqual(contentOf([milk, tea]));
  });

  test("F51: its unpublished base is no garbage to a publish, and what a dead fold left is", async () => {
    const garbage = { kept: 1, maxReaderMs: -1_000_000 };
    await publish(milk);
    await foldMeanwhile("write", async () => {
      await rename(1, "CAFE");
      await rig.invoke(await rig.process({ ...small, garbage }));
    });
    expect(await merchants(milk)).toEqual({ milk: "CAFE", bread: "CAFE" });
    await publish(tea);
    const dying = await rig.process(small, (step) => {
      if (step === "move head") throw new Error("killed");
    });
    await expect(fold(dying)).rejects.toThrow("killed");
    const left = (await rig.generations.list()).length;
    await rename(1, "BAR");
    await rig.invoke(await rig.process({ ...small, garbage }));
    expect((await rig.generations.list()).length).toBeLessThan(left);
    expect(await merchants(milk, tea)).toMatchObject({ milk: "BAR", bread: "BAR" });
  });

  test("F3: publishes nothing once another one has taken its lease over", async () => {
    await publish(milk);
    const outcome = foldMeanwhile("write", async () => {
      const { client, controlTable } = rig.tables;
      const { head } = await readShardHead(client, controlTable, "lines");
      expect(head?.name).toBe("00000001-1");
      await takeOver();
    });
    // By its own heartbeat or by the condition of the write, whichever comes first.
    const error: unknown = await outcome.catch((caught: unknown) => caught);
    expect([LeaseLostError, PublishConflictError]).toContain((error as Error).constructor);
    expect(await rig.head()).toBe("00000001-1");
  });

  test.each(everyday(foldSteps, ["write generation", "move head"]))(
    "F21: that fails at step `%s` leaves what is shown, and the next one does it",
    async (at) => {
      await publish(milk, tea);
      const dying = await rig.process(small, (step) => {
        if (step === at) throw new Error(`killed at ${at}`);
      });
      await expect(fold(dying)).rejects.toThrow(`killed at ${at}`);
      expect(await rig.published([milk, tea])).toEqual(contentOf([milk, tea]));
      const { holders } = await readShardHead(rig.tables.client, rig.tables.controlTable, "lines");
      expect(holders).toEqual([]);
      await fold();
      expect(await headManifest()).toMatchObject({ segments: [], database_count: 5 });
      expect(await rig.published([milk, tea])).toEqual(contentOf([milk, tea]));
      expect(await readdir(join(rig.generations.folder, ".."))).toEqual(
        expect.arrayContaining(["generations", "segments"]),
      );
    },
  );

  /** Another process has waited until the fold's lease was over. */
  async function takeOver(): Promise<void> {
    const { client, controlTable } = rig.tables;
    let passed = 0;
    const pass = () => {
      passed += 600;
    };
    const clock = { now: () => monotonicClock.now() + passed, sleep: async () => pass() };
    const options = { client, controlTable, shard: "lines", clock, leaseMs: 1_000, kind: "fold" } as const;
    const lease = await acquireLease(options, { waitMs: 60_000, maxWaitMs: 60_000 });
    expect(lease?.token).toBeGreaterThan(2);
  }
});

describe("F49: back-pressure", () => {
  const full = { ...small, foldVectors: 4, maxOverlayVectors: 4 };

  test("new receipts wait for a fold, and changes of what is above the base do not", async () => {
    await publish(milk);
    await rename(1, "CAFE");
    await rig.embed(tea);
    await rig.embed(deltaOf(4, "oil", ["oil", "salt", "rice"]));
    await rig.invoke(await rig.process(full));
    expect(await merchants(milk)).toMatchObject({ milk: "CAFE" });
    expect(rig.sqs.at(queueUrl).messages.length).toBeGreaterThan(0);
    expect(rig.counted.get("MessagesHeldBack")).toBeGreaterThan(0);
    expect(rig.asked).toHaveLength(1);
    for (let time = 0; time < 4; time += 1) {
      await rig.foldWhatIsAsked();
      rig.sqs.reveal(queueUrl);
      await rig.invoke(await rig.process(full));
    }
    expect(rig.sqs.at(queueUrl).messages).toEqual([]);
    const oil = deltaOf(4, "oil", ["oil", "salt", "rice"]);
    expect(await rig.published([milk, tea, oil])).toEqual(contentOf([milk, tea, oil]));
  });

  test("changes of receipts that only the base has wait too, once twice as much lies above it", async () => {
    await publish(milk, tea, eggs);
    await fold();
    const tight = { ...small, maxOverlayVectors: 2 };
    await rename(1, "CAFE");
    await rename(2, "BAR");
    await rig.invoke(await rig.process(tight));
    expect(await merchants(milk, tea, eggs)).toMatchObject({ milk: "CAFE", tea: undefined });
    expect(rig.sqs.at(queueUrl).messages).toHaveLength(1);
    expect(rig.counted.get("MessagesHeldBack")).toBe(1);
    // Neither a change of what is above the base nor a removal waits.
    await rename(1, "BISTRO");
    await rig.put(itemsOf(3).receipt);
    rig.announce([await rig.remove(itemsOf(3).receipt)]);
    await rig.invoke(await rig.process(tight));
    expect(await merchants(milk, tea)).toEqual({
      milk: "BISTRO",
      bread: "BISTRO",
      tea: undefined,
      cake: undefined,
      jam: undefined,
    });
    expect(rig.sqs.at(queueUrl).messages).toHaveLength(1);
  });

  test("a change that had to wait shows after the fold", async () => {
    await publish(milk, tea);
    await fold();
    await rename(1, "CAFE");
    await rename(2, "BAR");
    const parts = await rig.process({ ...small, maxOverlayVectors: 2 });
    await rig.invoke(parts);
    expect(await rig.foldWhatIsAsked()).toBe(1);
    rig.sqs.reveal(queueUrl);
    await rig.invoke(parts);
    expect(await merchants(milk, tea)).toMatchObject({ milk: "CAFE", tea: "BAR" });
  });

  test("a receipt that is larger than all the room there is goes alone", async () => {
    await publish(milk);
    const large = deltaOf(
      5,
      "large",
      Array.from({ length: 9 }, (_, n) => `row ${n}`),
    );
    await rig.embed(large);
    for (let time = 0; time < 3; time += 1) {
      await rig.invoke(await rig.process(full));
      await rig.foldWhatIsAsked();
      rig.sqs.reveal(queueUrl);
    }
    expect(await rig.published([milk, large])).toEqual(contentOf([milk, large]));
  });
});

describe("a change of a receipt whose delta is lost", () => {
  test("is shown by a fold, which has its vectors in the base", async () => {
    await publish(milk, tea);
    await fold();
    rig.bucket.delete(deltaKey(deltaPrefix(milk)));
    await rename(1, "CAFE");
    await rig.invoke(await rig.process(small));
    expect(rig.asked).toMatchObject([
      { reason: "repair", documents: [{ imageId: milk.imageId, receiptId: 1 }] },
    ]);
    // A repair publishes too: while another process holds that lease, its request waits.
    const busy = await rig.process({ ...small, leaseMs: 4_000, leaseWaitMs: 0 });
    await besideHolder(rig, "publish", async () => expect(await rig.foldWhatIsAsked(busy)).toBe(0));
    expect(rig.asked).toHaveLength(1);
    rig.sqs.reveal(foldUrl);
    expect(await rig.foldWhatIsAsked()).toBe(1);
    rig.sqs.reveal(queueUrl);
    await rig.invoke(await rig.process(small));
    expect(rig.sqs.at(queueUrl).messages).toEqual([]);
    expect(rig.asked).toEqual([]);
    expect(await merchants(milk, tea)).toMatchObject({ milk: "CAFE", bread: "CAFE" });
  });
});
