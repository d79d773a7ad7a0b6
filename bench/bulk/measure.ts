import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BulkClient } from "../../cli/bulk/client.ts";
import { isOver, type ShownTask } from "../../cli/catchup/client.ts";
import { readSecret } from "../../core/settings/secret.ts";
import type { BareOutcome } from "../catchup/bare-loop.ts";
import { CatchUpStack } from "../catchup/catch-up-stack.ts";
import { writeRows } from "../catchup/rows-file.ts";
import { emptySink, expectStored } from "../catchup/sink.ts";
import { runChild, startService } from "../child.ts";
import { StoredWronglyError } from "../stored-wrongly-error.ts";
import type { BulkOptions } from "./options.ts";
import { maxWorkerBytes, workerPids } from "./worker-processes.ts";

const model = "text-embedding-3-small";
const statusPerSecond = 50;

export interface BulkRun {
  readonly rows: number;
  readonly bareSeconds: number;
  readonly machineSeconds: number;
  readonly workersSeconds: number;
  /** Resident bytes of the largest worker, over the first tenth of the samples and over the last. */
  readonly firstBytes: number;
  readonly lastBytes: number;
  readonly maxBytes: number;
  /** Of status requests at a fixed rate while the task ran. */
  readonly statusMs: readonly number[];
  /** From SIGKILL of a worker until another chunk was over. */
  readonly recoverySeconds: number;
}

/** One file through the bare loop, the state machine and the workers; then once more with a worker killed. */
export async function measureBulk({ rows, dimensions, rowsPerChunk }: BulkOptions): Promise<BulkRun> {
  const folder = await mkdtemp(join(tmpdir(), "vectorkeep-bench-"));
  const services = await Promise.all([
    startService("instant-embeddings.ts", [String(dimensions)]),
    startService("vector-sink.ts", []),
  ]);
  const [embeddings, sink] = services;
  const place = { folder, embeddingsUrl: `${embeddings.url}/v1`, sinkUrl: sink.url, dimensions };
  let stack: CatchUpStack | undefined;
  try {
    stack = await CatchUpStack.start({
      ...place,
      model,
      rowsPerChunk,
      settings: { "bulk:enabled": "true", "bulk:workers": "2" },
    });
    const { bulk } = stack;
    if (bulk === undefined) throw new Error("The local stack has no bulk API.");
    const client = new BulkClient(bulk.url, await readSecret(bulk.apiKeySecret, "bulk:apiKey"));
    const file = join(folder, `${rows}.csv`);
    await writeRows(file, rows);
    const warmUp = join(folder, "warm-up.csv");
    await writeRows(warmUp, rowsPerChunk * 4);
    const warmKey = await stack.upload(warmUp);
    await stack.untilOver(await stack.startTask(warmKey));
    await untilOver(await startTask(warmKey, client), client);

    await emptySink(sink.url);
    const bare = await runChild<BareOutcome>("catchup/bare-loop.ts", { ...place, file, model });
    await expectStored(rows, "the bare loop", sink.url);

    const key = await stack.upload(file);
    await emptySink(sink.url);
    const machineSeconds = await timed(async (own) => {
      await own.untilOver(await own.startTask(key));
    }, stack);
    await expectStored(rows, "the state machine", sink.url);

    await emptySink(sink.url);
    const bytes: number[] = [];
    const statusMs: number[] = [];
    const began = performance.now();
    const task = await watched(await startTask(key, client), client, statusMs, () =>
      bytes.push(maxWorkerBytes(folder)),
    );
    const workersSeconds = (performance.now() - began) / 1_000;
    await expectStored(rows, "the workers", sink.url);
    if (task.progress.processed_records !== rows) {
      throw new StoredWronglyError(`the task counts ${task.progress.processed_records} records of ${rows}`);
    }
    const tenth = Math.max(1, Math.floor(bytes.length / 10));
    return {
      rows,
      bareSeconds: bare.seconds,
      machineSeconds,
      workersSeconds,
      firstBytes: mean(bytes.slice(0, tenth)),
      lastBytes: mean(bytes.slice(-tenth)),
      maxBytes: Math.max(...bytes),
      statusMs,
      recoverySeconds: await recovery(key, client, folder),
    };
  } finally {
    await stack?.stop();
    await Promise.all(services.map((service) => service.stop()));
    await rm(folder, { recursive: true });
  }
}

async function timed(work: (stack: CatchUpStack) => Promise<void>, stack: CatchUpStack): Promise<number> {
  const began = performance.now();
  await work(stack);
  return (performance.now() - began) / 1_000;
}

function startTask(key: string, client: BulkClient): Promise<string> {
  return client.start({ data_source: "s3_csv", s3_key: key, all_dates: true });
}

async function untilOver(taskId: string, client: BulkClient): Promise<ShownTask> {
  for (;;) {
    const task = await client.status(taskId);
    if (isOver(task)) return task;
    await sleep(200);
  }
}

/** Asks at a fixed rate, however long the answers take, until the task is over. */
async function watched(
  taskId: string,
  client: BulkClient,
  statusMs: number[],
  onLook: () => void,
): Promise<ShownTask> {
  const began = performance.now();
  let over: ShownTask | undefined;
  const asked = new Set<Promise<void>>();
  for (let number = 0; over === undefined; number += 1) {
    const due = began + (number * 1_000) / statusPerSecond;
    await sleep(Math.max(0, due - performance.now()));
    const look = client
      .status(taskId)
      .then((task) => {
        statusMs.push(performance.now() - due);
        if (isOver(task)) over = task;
      })
      .finally(() => asked.delete(look));
    asked.add(look);
    if (number % statusPerSecond === 0) onLook();
  }
  await Promise.all(asked);
  return over;
}

/** A worker is killed while a task runs; the chunk that it had is taken over by another. */
async function recovery(key: string, client: BulkClient, folder: string): Promise<number> {
  const id = await startTask(key, client);
  while ((await client.status(id)).progress.chunks_completed < 2) await sleep(50);
  const [victim] = workerPids(folder);
  if (victim === undefined) throw new Error("There is no worker to kill.");
  process.kill(victim, "SIGKILL");
  const killedAt = performance.now();
  const total = (await client.status(id)).progress.chunks_total ?? 0;
  let lastAt = killedAt;
  let longest = 0;
  for (let completed = -1; completed < total; ) {
    const now = (await client.status(id)).progress.chunks_completed;
    if (now > completed) {
      longest = Math.max(longest, performance.now() - lastAt);
      lastAt = performance.now();
      completed = now;
    }
    await sleep(50);
  }
  const { status } = await untilOver(id, client);
  if (status !== "COMPLETED") throw new StoredWronglyError(`the task with the killed worker is ${status}`);
  return longest / 1_000;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
