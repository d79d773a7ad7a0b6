import type { SQSClient } from "@aws-sdk/client-sqs";
import type { ShardName } from "../../../contract/collections.ts";
import { ChromaVectorStore } from "../../../core/collections/chroma/chroma-vector-store.ts";
import { publishSteps, repairSteps, type Step } from "../../../core/collections/cycle/cycle-deps.ts";
import { readShardHead } from "../../../core/collections/generations/head.ts";
import { CycleOverranError } from "../../../core/collections/host/compaction-worker.ts";
import { collectionKey } from "../../../core/collections/lease/collection-key.ts";
import { acquireLease } from "../../../core/collections/lease/lease.ts";
import { CollectionQueue } from "../../../core/collections/messages/collection-queue.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { deltaKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import { holdsShardKey } from "../../../core/documents/shards.ts";
import { silentLog } from "../../../core/log.ts";
import { type Clock, monotonicClock } from "../../../core/resilience/clock.ts";
import { everyday } from "../../faults/seeds.ts";
import {
  CompactionRig,
  deadLetterUrl,
  foldUrl,
  queueUrl,
  type RigConfig,
} from "../../unit/collections/compaction-rig.ts";
import { contentOf, deltaOf, imageId } from "../../unit/collections/sample-deltas.ts";
import { dyingProcess } from "./dying-process.ts";
import { RunningWorker, until, type WorkerWishes } from "./running-worker.ts";

jest.setTimeout(60_000);

let rig: CompactionRig;
let workers: RunningWorker[];
beforeEach(async () => {
  rig = await CompactionRig.start();
  workers = [];
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await rig.stop();
});

function run(...[parts, wishes]: ConstructorParameters<typeof RunningWorker>): RunningWorker {
  const worker = new RunningWorker(parts, wishes);
  workers.push(worker);
  return worker;
}

const queued = () => rig.sqs.at(queueUrl).messages;
const nothingQueued = () => queued().length === 0;

/** Does something right before the first segment that the rig's processes write. */
function beforeSegment({ generations: { segments } }: CompactionRig, happens: () => Promise<void>): void {
  const write = jest.spyOn(segments, "write");
  write.mockImplementationOnce(async (...args) => {
    write.mockRestore();
    await happens();
    return segments.write(...args);
  });
}

describe("a worker", () => {
  test("takes what comes into its queue from one generation to the next, and copies none that it holds", async () => {
    const parts = await rig.process({ writesBases: true });
    const copies = jest.spyOn(rig.generations, "copyTo");
    run([parts]);
    const deltas = [deltaOf(1, "a", ["milk"]), deltaOf(2, "b", ["tea"]), deltaOf(3, "c", ["eggs"])];
    for (const delta of deltas) {
      await rig.embed(delta);
      await until(nothingQueued);
    }
    expect(copies).not.toHaveBeenCalled();
    expect(await rig.published(deltas)).toEqual(contentOf(deltas));
    for (const delta of deltas) expect(await rig.stateOf(delta)).toMatchObject({ state: "COMPLETED" });
  });

  test("F2: acknowledges what is applied and nothing else: what fails is redelivered until it is in the DLQ", async () => {
    const good = deltaOf(1, "good", ["milk"]);
    const bad = deltaOf(2, "bad", ["tea"]);
    await rig.embed(good);
    await rig.embed(bad);
    rig.bucket.delete(deltaKey(deltaPrefix(bad)));
    run([await rig.process({ maxFailures: 3 })]);
    await until(() => queued().length === 1);
    expect(queued()[0]?.deduplicationId).toBe("event-bad");
    expect(await rig.published([good])).toEqual(contentOf([good]));
    await until(() => {
      rig.sqs.reveal(queueUrl);
      return nothingQueued();
    });
    const [dead, ...others] = rig.sqs.at(deadLetterUrl).messages;
    expect(others).toEqual([]);
    expect(dead?.attributes.failure_reason).toContain("no such object");
    expect(await rig.stateOf(bad)).toMatchObject({ state: "FAILED", failures: 3 });
  });

  test("F3: and a running invocation of the function exclude each other by the lease", async () => {
    const theirs = deltaOf(1, "theirs", ["milk"]);
    const ours = deltaOf(2, "ours", ["tea"]);
    await rig.embed(theirs);
    let worker: RunningWorker | undefined;
    const workersParts = await rig.process({ leaseWaitMs: 10_000 });
    const function_ = await rig.process({}, (step) => {
      if (step === "read deltas") worker = run([workersParts]);
    });
    beforeSegment(rig, async () => {
      await rig.embed(ours);
      await until(() => rig.sqs.hidings.length > 2);
    });
    expect(await rig.invoke(function_)).toEqual([]);
    await until(nothingQueued);
    expect(await rig.head()).toBe("00000002-2");
    expect((await rig.generations.manifest("00000002-2")).base).toBe("00000001-1");
    expect(await rig.published([theirs, ours])).toEqual(contentOf([theirs, ours]));
    expect(worker?.counted.size).toBe(0);
  });

  test("F13: counts no failure while another process holds the lease", async () => {
    const delta = deltaOf(1, "a", ["milk"]);
    const { client, controlTable } = rig.tables;
    const lease = await acquireLease(
      { client, controlTable, shard: "lines", clock: monotonicClock, leaseMs: 60_000 },
      { waitMs: 0, maxWaitMs: 0 },
    );
    await rig.embed(delta);
    const worker = run([await rig.process({ leaseMs: 600 })]);
    const beats = setInterval(() => void lease?.beat(), 50);
    await until(() => {
      rig.sqs.reveal(queueUrl);
      return queued()[0]?.receives === 2;
    });
    clearInterval(beats);
    await lease?.release();
    expect(worker.counted.size).toBe(0);
    await until(nothingQueued);
    expect(await rig.published([delta])).toEqual(contentOf([delta]));
  });
});

describe("a worker of several shards", () => {
  let other: CompactionRig;
  beforeEach(async () => {
    await rig.stop();
    rig = await CompactionRig.start("lines-1of2");
    other = rig.beside("lines-2of2");
  });

  /** A delta of an image that the shard holds. */
  function deltaIn(shard: ShardName): Delta {
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    const n = numbers.find((candidate) => holdsShardKey(shard, imageId(candidate))) ?? 0;
    return deltaOf(n, `run-${n}`, [`milk ${n}`]);
  }
  const waitingIn = ({ sqs, queues }: CompactionRig) => sqs.at(queues.queue).messages.length;

  test.each([
    ["one after another where its memory is for one", 1],
    ["at once where it is for both", 2],
  ])("runs their cycles %s", async (_, shardsAtOnce) => {
    const [ours, theirs] = [deltaIn(rig.shard), deltaIn(other.shard)];
    let [othersRun, together] = [false, false];
    const parts = [
      await rig.process(),
      await other.process({}, (step) => {
        othersRun = step !== "release";
      }),
    ];
    beforeSegment(rig, async () => {
      await other.embed(theirs);
      const late = performance.now() + 3_000;
      while (!othersRun && performance.now() < late) await monotonicClock.sleep(20);
      together = othersRun;
    });
    run(parts, { shardsAtOnce });
    await rig.embed(ours);
    await until(async () => (await other.head()) !== undefined && waitingIn(rig) + waitingIn(other) === 0);
    expect(together).toBe(shardsAtOnce > 1);
    expect(await rig.published([ours])).toEqual(contentOf([ours]));
    expect(await other.published([theirs])).toEqual(contentOf([theirs]));
  });

  test("backs off from one that fails, while the others keep working", async () => {
    const pauses: number[] = [];
    const cycleMs = 77_000;
    const quick: Clock = {
      now: () => monotonicClock.now(),
      sleep(ms, signal) {
        if (ms !== cycleMs) pauses.push(ms);
        return monotonicClock.sleep(ms === cycleMs ? ms : 20, signal);
      },
    };
    const refused = { send: () => Promise.reject(new Error("AccessDenied")) } as unknown as SQSClient;
    const broken = {
      ...(await other.process()),
      queue: new CollectionQueue(refused, other.queues, silentLog),
    };
    const worker = run([broken, await rig.process()], { cycleMs, clock: quick });
    const delta = deltaIn(rig.shard);
    await rig.embed(delta);
    await until(() => waitingIn(rig) === 0 && pauses.length > 8);
    expect(pauses.slice(0, 8)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(await rig.published([delta])).toEqual(contentOf([delta]));
    await worker.stop();
    expect(new Set(worker.said)).toEqual(new Set(["error AccessDenied"]));
    expect(worker.counted.get("WorkerErrors")).toBe(worker.said.length);
  });
});

/** Nothing is held that another process would have to wait for. */
async function leaseOwner(): Promise<unknown> {
  const { PK } = collectionKey(rig.shard);
  const items = await rig.tables.items(rig.tables.controlTable);
  return items.find((item) => item.PK === PK)?.lease_owner;
}

const never = () => new Promise<never>(() => undefined);

describe("a worker that is asked to stop", () => {
  const before = deltaOf(1, "before", ["milk", "bread"]);
  const after = deltaOf(1, "after", ["butter"]);
  const other = deltaOf(2, "other", ["tea", "cake"]);

  async function publishOneAndQueueMore(config?: RigConfig): Promise<void> {
    await rig.embed(before);
    await rig.invoke(await rig.process(config));
    await rig.embed(after);
    await rig.embed(other);
  }

  /** Whatever was left is done by another process, once, without waiting for a lease. */
  async function endsWhole(): Promise<void> {
    rig.sqs.reveal(queueUrl);
    const next = run([await rig.process({ leaseMs: 60_000 })]);
    await until(nothingQueued);
    await next.stop();
    expect(await rig.published([after, other])).toEqual(contentOf([after, other]));
    for (const delta of [before, after, other])
      expect(await rig.stateOf(delta)).toMatchObject({ state: "COMPLETED" });
    for (const { name } of await rig.generations.list())
      expect(await rig.generations.isSound(name)).toBe(true);
  }

  const moments = [
    ...everyday(publishSteps, ["move head"]).map((step) => [step, "a cycle", {}] as const),
    ...everyday(repairSteps, ["move head"]).map(
      (step) => [step, "writing a base", { writesBases: true }] as const,
    ),
  ];
  test.each<readonly [Step, string, RigConfig]>(moments)(
    "in the middle of step `%s` of %s leaves nothing half-published and no lease",
    async (step, _, config) => {
      await publishOneAndQueueMore(config);
      let worker: RunningWorker | undefined;
      const parts = await rig.process({ ...config, leaseMs: 60_000 }, (reached) => {
        if (reached === step) worker?.shutdown.begin();
      });
      worker = run([parts], { finishWithinMs: 0 });
      await worker.ended;
      expect(await leaseOwner()).toBeUndefined();
      expect(worker.counted.size).toBe(0);
      expect(rig.counted.get("CyclesFailed")).toBeUndefined();
      const published = (await rig.head()) !== "00000001-1";
      expect(queued().map(({ deduplicationId }) => deduplicationId)).toEqual(
        published ? [] : ["event-after", "event-other"],
      );
      await endsWhole();
    },
  );

  const bases = { writesBases: true };
  const hangs: readonly (readonly [string, RigConfig, () => unknown])[] = [
    ["starts its runs", {}, () => jest.spyOn(rig.runs, "start").mockImplementationOnce(never)],
    [
      "reads what is published",
      {},
      () => jest.spyOn(rig.generations, "manifest").mockImplementationOnce(never),
    ],
    [
      "writes a segment",
      {},
      () => jest.spyOn(rig.generations.segments, "write").mockImplementationOnce(never),
    ],
    ["copies a generation", bases, () => jest.spyOn(rig.generations, "copyTo").mockImplementationOnce(never)],
    [
      "waits for Chroma",
      bases,
      () => jest.spyOn(ChromaVectorStore.prototype, "upsert").mockImplementationOnce(never),
    ],
    ["writes a base", bases, () => jest.spyOn(rig.generations, "write").mockImplementationOnce(never)],
  ];

  describe("the folds of a worker", () => {
    const milk = deltaOf(1, "milk", ["milk", "bread"]);

    /** A worker that folds, after a publish that has asked for it. */
    async function folding(wishes: WorkerWishes = {}): Promise<RunningWorker> {
      await rig.embed(milk);
      const { base: _, ...parts } = await rig.process({ foldVectors: 1, leaseMs: 60_000 });
      await rig.invoke(parts);
      return run([], { ...wishes, folds: { queue: parts.foldRequests, shards: [parts] } });
    }

    const folded = async () =>
      (await rig.generations.manifest((await rig.head()) ?? "")).segments.length === 0;

    test("are done one request at a time", async () => {
      const receive = jest.spyOn(rig.sqs.at(foldUrl), "receive");
      const worker = await folding();
      await until(folded);
      await worker.stop();
      expect(new Set(receive.mock.calls.map(([most]) => most))).toEqual(new Set([1]));
      expect(await rig.published([milk])).toEqual(contentOf([milk]));
      expect(rig.asked).toEqual([]);
    });

    test("F5: one that hangs past its deadline is logged and ends the worker, and its lease is released", async () => {
      jest.spyOn(ChromaVectorStore.prototype, "upsert").mockImplementationOnce(never);
      const worker = await folding({ cycleMs: 2_000, finishWithinMs: 100 });
      await worker.ended;
      jest.restoreAllMocks();
      expect(worker.shutdown.cause).toBeInstanceOf(CycleOverranError);
      expect(worker.said[0]).toMatch(/^error A fold did not end within 2 s/);
      const { holders } = await readShardHead(rig.tables.client, rig.tables.controlTable, "lines");
      expect(holders).toEqual([]);
      expect(rig.asked).toHaveLength(1);
    });
  });

  test.each(hangs)("while it %s does not wait for that", async (_, config, hang) => {
    await publishOneAndQueueMore(config);
    hang();
    const parts = await rig.process({ ...config, leaseMs: 60_000 });
    const worker = run([parts], { finishWithinMs: 0 });
    await until(async () => (await leaseOwner()) !== undefined);
    await monotonicClock.sleep(500);
    await worker.stop();
    expect(worker.said).toEqual([expect.stringContaining("was abandoned")]);
    expect(rig.counted.get("CyclesFailed")).toBeUndefined();
    expect(await leaseOwner()).toBeUndefined();
    jest.restoreAllMocks();
    await endsWhole();
  });

  test("finishes a cycle that is over in time", async () => {
    await publishOneAndQueueMore();
    let worker: RunningWorker | undefined;
    const parts = await rig.process({}, (step) => {
      if (step === "read deltas") worker?.shutdown.begin();
    });
    worker = run([parts], { finishWithinMs: 30_000 });
    await worker.ended;
    expect(queued()).toEqual([]);
    expect(await rig.published([after, other])).toEqual(contentOf([after, other]));
  });

  test("stops at once while the queue is empty, and receives no later message", async () => {
    const worker = run([await rig.process()]);
    await monotonicClock.sleep(100);
    // It would receive for twenty seconds.
    expect(await worker.stop()).toBeLessThan(15_000);
    await rig.embed(other);
    expect(queued()).toMatchObject([{ receives: 0 }]);
  });
});

test("F5: a cycle that hangs past its deadline is logged and ends the worker, and its lease is released", async () => {
  const delta = deltaOf(1, "a", ["milk"]);
  await rig.embed(delta);
  jest.spyOn(rig.generations.segments, "write").mockImplementationOnce(never);
  const worker = run([await rig.process({ leaseMs: 60_000 })], { cycleMs: 2_000, finishWithinMs: 100 });
  await worker.ended;
  expect(worker.shutdown.cause).toBeInstanceOf(CycleOverranError);
  expect(worker.said[0]).toMatch(/^error The cycle of lines did not end within 2 s/);
  expect(worker.counted.get("WorkerErrors")).toBe(1);
  expect(await leaseOwner()).toBeUndefined();
  jest.restoreAllMocks();
  rig.sqs.reveal(queueUrl);
  run([await rig.process()]);
  await until(nothingQueued);
  expect(await rig.published([delta])).toEqual(contentOf([delta]));
});

test.each(everyday(publishSteps, ["move head"]))(
  "F21: a worker that is killed at step `%s` is replaced by the next one",
  async (step) => {
    const delta = deltaOf(1, "a", ["milk", "bread"]);
    await rig.embed(delta);
    const killed = run([await dyingProcess(rig, step)], { finishWithinMs: 0 });
    await until(() => killed.said.length > 0);
    await killed.stop();
    rig.sqs.reveal(queueUrl);
    run([await rig.process({ leaseMs: 600, leaseWaitMs: 5_000 })]);
    await until(nothingQueued);
    expect(await rig.published([delta])).toEqual(contentOf([delta]));
    expect(await rig.stateOf(delta)).toMatchObject({ state: "COMPLETED" });
  },
);
