import { readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { publishSteps, repairSteps, type Step } from "../../../core/collections/cycle/cycle-deps.ts";
import { manifestFile } from "../../../core/collections/generations/manifest.ts";
import { Heartbeat } from "../../../core/collections/lease/heartbeat.ts";
import { acquireLease } from "../../../core/collections/lease/lease.ts";
import { encodeDelta } from "../../../core/deltas/codec.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { deltaKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import { silentLog } from "../../../core/log.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";
import { chosen, everyday } from "../../faults/seeds.ts";
import {
  CompactionRig,
  deadLetterUrl,
  queueUrl,
  type RigConfig,
} from "../../unit/collections/compaction-rig.ts";
import { contentOf, deltaOf } from "../../unit/collections/sample-deltas.ts";
import { makeCurrent } from "../../unit/runs/current.ts";
import { dyingProcess } from "./dying-process.ts";

jest.setTimeout(60_000);

let rig: CompactionRig;
beforeEach(async () => {
  rig = await CompactionRig.start();
});
afterEach(() => rig.stop());

const queued = () => rig.sqs.at(queueUrl).messages;
const deadLetters = () => rig.sqs.at(deadLetterUrl).messages;
const keyOf = (delta: Delta) => deltaKey(deltaPrefix(delta));

describe("a compaction cycle", () => {
  test("takes delivered and queued messages into one generation", async () => {
    const deltas = Array.from({ length: 14 }, (_, n) => deltaOf(n, `run-${n}`, [`milk ${n}`, `bread ${n}`]));
    for (const delta of deltas) await rig.embed(delta);
    expect(await rig.invoke(await rig.process())).toEqual([]);
    expect(await rig.head()).toBe("00000001-1");
    expect(await rig.published(deltas)).toEqual(contentOf(deltas));
    expect(queued()).toEqual([]);
    for (const delta of deltas) {
      expect(await rig.stateOf(delta)).toMatchObject({ state: "COMPLETED", mergedVectors: 2 });
    }
  });

  test("a warm process copies a generation only when it does not hold it", async () => {
    const bases = { writesBases: true };
    const warm = await rig.process(bases);
    const copyTo = jest.spyOn(rig.generations, "copyTo");
    const deltas = [
      deltaOf(1, "a", ["milk"]),
      deltaOf(2, "b", ["tea"]),
      deltaOf(3, "c", ["eggs"]),
      deltaOf(4, "d", ["oil"]),
    ];
    for (const [index, delta] of deltas.entries()) {
      await rig.embed(delta);
      await rig.invoke(index === 2 ? await rig.process(bases) : warm);
    }
    expect(copyTo.mock.calls.map(([, name]) => name)).toEqual(["00000002-2", "00000003-3"]);
    expect(await rig.published(deltas)).toEqual(contentOf(deltas));
  });

  test("F12: messages of completed runs are acknowledged without work, and nothing is published", async () => {
    const delta = deltaOf(1, "a", ["milk"]);
    await rig.embed(delta);
    await rig.invoke(await rig.process());
    rig.send(delta, "sent-again");
    const again = await rig.process();
    const open = jest.spyOn(again.workspace, "open");
    expect(await rig.invoke(again)).toEqual([]);
    expect(queued()).toEqual([]);
    expect(open).not.toHaveBeenCalled();
    expect(await rig.head()).toBe("00000001-1");
  });

  test("F5: a run that another one superseded is closed with no vectors", async () => {
    const old = deltaOf(1, "old", ["milk", "bread"]);
    const current = deltaOf(1, "current", ["butter"]);
    await rig.embed(old);
    await rig.embed(current);
    const parts = await rig.process();
    await rig.invoke(parts);
    await rig.invoke(parts);
    expect(await rig.stateOf(old)).toMatchObject({ state: "COMPLETED", mergedVectors: 0 });
    expect(await rig.stateOf(current)).toMatchObject({ state: "COMPLETED", mergedVectors: 1 });
    expect(await rig.published([current])).toEqual(contentOf([current]));
    expect(queued()).toEqual([]);
  });

  test("a run that becomes current again while it is closed is merged by its next attempt", async () => {
    const first = deltaOf(1, "first", ["milk"]);
    const second = deltaOf(1, "second", ["tea"]);
    await rig.embed(first);
    await rig.embed(second);
    const { runs } = rig;
    const parts = await rig.process();
    const currents = runs.currents.bind(runs);
    let returned = false;
    jest.spyOn(runs, "currents").mockImplementation(async (receipts) => {
      const answer = await currents(receipts);
      if (!returned) {
        returned = true;
        await makeCurrent(runs, first, { runId: "first", revision: 99, attempt: 2 });
        await runs.reopen(first, 2);
        rig.send(first, "first-2");
      }
      return answer;
    });
    for (let cycle = 0; cycle < 3; cycle += 1) await rig.invoke(parts);
    expect(await rig.published([first])).toEqual(contentOf([first]));
    expect(await rig.stateOf(first)).toMatchObject({ state: "COMPLETED", mergedVectors: 1 });
    expect(queued()).toEqual([]);
  });

  test("the least time between generations is waited for, and what comes meanwhile is taken along", async () => {
    const one = deltaOf(1, "a", ["milk"]);
    const two = deltaOf(2, "b", ["tea"]);
    const late = deltaOf(3, "c", ["eggs"]);
    await rig.embed(one);
    await rig.invoke(await rig.process());
    await rig.embed(two);
    const parts = await rig.process({ minPublishIntervalMs: 3_000, drainMs: 0 });
    const manifest = join(rig.generations.pathOf((await rig.head()) ?? ""), manifestFile);
    const receive = parts.queue.receive.bind(parts.queue);
    const embedded = jest.spyOn(parts.queue, "receive").mockImplementationOnce(async (...input) => {
      const received = await receive(...input);
      await rig.embed(late);
      return received;
    });
    await utimes(manifest, new Date(), new Date());
    await rig.invoke(parts);
    expect(embedded).toHaveBeenCalled();
    expect(await rig.head()).toBe("00000002-2");
    expect(await rig.published([one, two, late])).toEqual(contentOf([one, two, late]));
  });
});

describe("F8: a poison message", () => {
  const good = deltaOf(1, "good", ["milk"]);
  const bad = deltaOf(2, "bad", ["tea"]);

  const spoil: readonly (readonly [string, () => void, string])[] = [
    ["whose delta is missing", () => rig.bucket.delete(keyOf(bad)), "no such object"],
    [
      "whose delta is cut",
      () => rig.bucket.set(keyOf(bad), encodeDelta(bad).subarray(0, 50)),
      "cannot be read",
    ],
    [
      "whose delta is of another model",
      () => rig.bucket.set(keyOf(bad), encodeDelta({ ...bad, model: "other" })),
      "model",
    ],
    [
      "whose delta has other dimensions",
      () => rig.bucket.set(keyOf(bad), encodeDelta({ ...bad, dimensions: 4, vectors: new Uint8Array(16) })),
      "dimensions",
    ],
    ["whose delta is another receipt's", () => rig.bucket.set(keyOf(bad), encodeDelta(good)), "run"],
  ];

  test.each(chosen(spoil, 2))(
    "%s goes to the dead-letter queue after three failures; its batch-mates are published",
    async (_, spoilIt, reason) => {
      await rig.embed(good);
      await rig.embed(bad);
      spoilIt();
      const parts = await rig.process();
      for (const failures of [1, 2]) {
        expect(await rig.invoke(parts)).toHaveLength(1);
        expect(await rig.stateOf(bad)).toMatchObject({ state: "FAILED", failures });
        expect(await rig.published([good])).toEqual(contentOf([good]));
        expect(deadLetters()).toEqual([]);
        rig.sqs.reveal(queueUrl);
      }
      expect(await rig.invoke(parts)).toEqual([]);
      expect(queued()).toEqual([]);
      expect(deadLetters()).toMatchObject([{ attributes: { collection: "lines" } }]);
      expect(deadLetters()[0]?.attributes.failure_reason).toContain(reason);
      expect(await rig.stateOf(bad)).toMatchObject({
        state: "FAILED",
        failures: 3,
        error: expect.stringContaining(reason),
      });
      expect(await rig.head()).toBe("00000001-1");
    },
  );

  test("and cannot be read is counted in the control table", async () => {
    rig.sqs.at(queueUrl).send({ body: "{}", groupId: "g", deduplicationId: "odd", attributes: {} });
    await rig.embed(good);
    const parts = await rig.process();
    for (let failures = 1; failures <= 3; failures += 1) {
      await rig.invoke(parts);
      rig.sqs.reveal(queueUrl);
      if (failures === 3) break;
      const [count] = failureCounts(await rig.tables.items(rig.tables.controlTable));
      expect(count).toMatchObject({ failures });
      // Should the message succeed now, nobody removes its count: DynamoDB does.
      expect(Number(count?.expires_at)).toBeCloseTo(Date.now() / 1_000 + 14 * 86_400, -2);
    }
    expect(queued()).toEqual([]);
    expect(deadLetters()).toMatchObject([{ body: "{}", deduplicationId: "m-1" }]);
    expect(deadLetters()[0]?.attributes.failure_reason).toContain("entity_type");
    expect(failureCounts(await rig.tables.items(rig.tables.controlTable))).toEqual([]);
  });

  test("F2: a drained one is returned to the queue and not acknowledged", async () => {
    await rig.embed(good);
    await rig.embed(bad);
    rig.bucket.delete(keyOf(bad));
    await rig.invoke(await rig.process(), 1);
    expect(queued()).toHaveLength(1);
    expect((queued()[0]?.hiddenUntil ?? 0) - performance.now()).toBeLessThanOrEqual(5_000);
    rig.sqs.reveal(queueUrl);
    rig.bucket.set(keyOf(bad), encodeDelta(bad));
    await rig.invoke(await rig.process());
    expect(await rig.published([good, bad])).toEqual(contentOf([good, bad]));
  });

  test("F13: a delta that storage fails to give is not the message's own failure", async () => {
    await rig.embed(bad);
    const parts = await rig.process();
    const failing = {
      ...parts,
      deltas: { ...parts.deltas, get: () => Promise.reject(new Error("SlowDown")) },
    };
    for (let time = 0; time < 4; time += 1) {
      expect(await rig.invoke(failing)).toHaveLength(1);
      rig.sqs.reveal(queueUrl);
    }
    expect(await rig.stateOf(bad)).toMatchObject({ failures: 0 });
    await rig.invoke(parts);
    expect(await rig.published([bad])).toEqual(contentOf([bad]));
  });
});

describe("two processes", () => {
  test("F13: a contender returns its messages to the queue and they count no failure", async () => {
    const { client, controlTable } = rig.tables;
    const lease = await acquireLease(
      { client, controlTable, shard: "lines", clock: monotonicClock, leaseMs: 60_000 },
      { waitMs: 0, maxWaitMs: 0 },
    );
    const heartbeat = new Heartbeat(async () => lease?.beat(), 2_000, monotonicClock, silentLog);
    const delta = deltaOf(1, "a", ["milk"]);
    await rig.embed(delta);
    const parts = await rig.process();
    for (let time = 0; time < 2; time += 1) {
      expect(await rig.invoke(parts)).toHaveLength(1);
      expect(rig.sqs.hidings.at(-1)).toBe(5);
      rig.sqs.reveal(queueUrl);
    }
    expect(deadLetters()).toEqual([]);
    expect(await rig.stateOf(delta)).toMatchObject({ state: "PENDING", failures: 0 });
    await heartbeat.stop();
    await lease?.release();
    await rig.invoke(parts);
    expect(await rig.published([delta])).toEqual(contentOf([delta]));
  });

  test("F3: cycles that run at once lose nothing and publish one after another", async () => {
    const deltas = Array.from({ length: 12 }, (_, n) => deltaOf(n, `run-${n}`, [`milk ${n}`]));
    for (const delta of deltas) await rig.embed(delta);
    const parts = await Promise.all(
      [0, 1, 2].map(() => rig.process({ leaseWaitMs: 30_000, drainMessages: 0 })),
    );
    await Promise.all(parts.map((part) => rig.invoke(part, 4)));
    expect(await rig.head()).toBe("00000003-3");
    expect(await rig.published(deltas)).toEqual(contentOf(deltas));
  });

  test("F3: a holder that was taken over before it published leaves the new holder's generation alone", async () => {
    const slow = deltaOf(1, "slow", ["milk"]);
    const quick = deltaOf(2, "quick", ["tea"]);
    await rig.embed(slow);
    const { client, controlTable } = rig.tables;
    const paused = {
      ...(await rig.process({ leaseMs: 100_000 })),
      onStep: () => undefined,
    };
    const { segments } = rig.generations;
    const write = segments.write.bind(segments);
    jest.spyOn(segments, "write").mockImplementationOnce(async (...args) => {
      const segment = await write(...args);
      const taken = await acquireLease(
        { client, controlTable, shard: "lines", clock: monotonicClock, leaseMs: 400 },
        { waitMs: 5_000, maxWaitMs: 5_000 },
      );
      await taken?.release();
      await rig.embed(quick);
      await rig.invoke(await rig.process());
      return segment;
    });
    await expect(rig.invoke(paused)).rejects.toThrow("was not published");
    expect(await rig.head()).toBe("00000001-3");
    rig.sqs.reveal(queueUrl);
    await rig.invoke(await rig.process());
    expect(await rig.published([slow, quick])).toEqual(contentOf([slow, quick]));
  });
});

describe("a process that dies", () => {
  const before = deltaOf(1, "before", ["milk", "bread"]);
  const after = deltaOf(1, "after", ["butter"]);
  const other = deltaOf(2, "other", ["tea", "cake"]);

  /** A retry after a death at the step, in processes of one kind. */
  async function retried(step: Step, config: RigConfig): Promise<void> {
    await rig.embed(before);
    await rig.invoke(await rig.process(config));
    await rig.embed(after);
    await rig.embed(other);
    await expect(rig.invoke(await dyingProcess(rig, step, config))).rejects.toThrow(`killed at ${step}`);
    rig.sqs.reveal(queueUrl);
    await rig.outliveDead();
    await rig.invoke(await rig.process(config));
  }

  test.each(everyday(publishSteps, ["write segment", "move head", "acknowledge"]))(
    "F2 F3 F21: at step `%s` leaves a retry that ends in the same collection",
    async (step) => {
      await retried(step, {});
      expect(await rig.published([after, other])).toEqual(contentOf([after, other]));
      expect(queued()).toEqual([]);
      for (const delta of [before, after, other])
        expect(await rig.stateOf(delta)).toMatchObject({ state: "COMPLETED" });
      for (const { name } of await rig.generations.list())
        expect(await rig.generations.isSound(name)).toBe(true);
    },
  );

  test.each(everyday(repairSteps, ["write generation", "move head", "acknowledge"]))(
    "F2 F3 F21: at step `%s` of writing a base leaves a retry that ends in the same collection",
    async (step) => {
      await retried(step, { writesBases: true });
      expect(await rig.published([after, other])).toEqual(contentOf([after, other]));
      expect(queued()).toEqual([]);
      for (const delta of [before, after, other])
        expect(await rig.stateOf(delta)).toMatchObject({ state: "COMPLETED" });
      const folders = (await readdir(rig.generations.folder)).filter((name) => !name.startsWith(".clock"));
      expect(folders.sort()).toEqual(["00000001-1", await rig.head()]);
    },
  );
});

function failureCounts(items: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  return items.filter(({ PK }) => String(PK).startsWith("FAILURE#"));
}
