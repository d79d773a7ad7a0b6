import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BulkClient } from "../../cli/bulk/client.ts";
import { isOver, type ShownTask } from "../../cli/catchup/client.ts";
import { follow } from "../../cli/catchup/follow.ts";
import { readSecret } from "../../core/settings/secret.ts";
import type { BareOutcome } from "../catchup/bare-loop.ts";
import { CatchUpStack } from "../catchup/catch-up-stack.ts";
import { writeRows } from "../catchup/rows-file.ts";
import { emptySink, expectAllStored, expectStored } from "../catchup/sink.ts";
import type { LoadOrders, LoadOutcome } from "../catchup/status-load.ts";
import { runChild, startService } from "../child.ts";
import { keepFromLastProcessor, keepToLastProcessor } from "../processors.ts";
import { percentile } from "../statistics.ts";
import { StoredWronglyError } from "../stored-wrongly-error.ts";
import type { BulkOptions } from "./options.ts";
import { cpuSeconds, maxWorkerBytes, pidsOf } from "./service-processes.ts";

const model = "text-embedding-3-small";
const statusPerSecond = 50;
const sampleMs = 500;
/** Both tasks are followed alike, by a client that looks as often. */
const followMs = 100;
const warmUpChunks = 4;
/** A process's heap grows to its working size within its first sixteen chunks, and is measured from there. */
const workerWarmUps = 8;
/** What is compared, killed and put under load; a bare loop takes a quarter of an hour for a million. */
const maxComparedRows = 100_000;
const smallRows = 10_000;
const smallRuns = 5;

export interface BulkRun {
  readonly rows: number;
  /** Rows of the runs beside the workers' own. */
  readonly comparedRows: number;
  readonly bareSeconds: number;
  /** From the request until a caller saw that the task was over, planning and settling included. */
  readonly machineSeconds: number;
  readonly workersSeconds: number;
  /** CPU that workers and API took per row: of the whole file, and of a small one. */
  readonly cpuPerRow: number;
  readonly smallRows: number;
  readonly smallCpuPerRow: number;
  /** Vectors that the workers wrote again: of chunks whose lock expired before they were done. */
  readonly writtenAgain: number;
  /** Resident bytes of the largest worker, over the first tenth of the samples and over the last. */
  readonly firstBytes: number;
  readonly lastBytes: number;
  readonly maxBytes: number;
  /** Of status requests at a fixed rate while one more task ran. */
  readonly statusMs: readonly number[];
  readonly statusFailures: number;
  /** From SIGKILL of a worker until another chunk was over. */
  readonly recoverySeconds: number;
}

interface Place {
  readonly folder: string;
  readonly embeddingsUrl: string;
  readonly sinkUrl: string;
  readonly dimensions: number;
}

/**
 * A file through the bare loop, the state machine and the workers, all of them warm and none under other load; then once
 * more with a worker killed, and once more under a load of status requests. Of a larger file only the workers process more
 * than the compared rows.
 */
export async function measureBulk({ rows, dimensions, rowsPerChunk }: BulkOptions): Promise<BulkRun> {
  const comparedRows = Math.min(rows, maxComparedRows);
  const fewRows = Math.min(rows, smallRows);
  const folder = await mkdtemp(join(tmpdir(), "vectorkeep-bench-"));
  const services = await Promise.all([
    startService("instant-embeddings.ts", [String(dimensions)]),
    startService("vector-sink.ts", []),
  ]);
  const [embeddings, sink] = services;
  const place: Place = { folder, embeddingsUrl: `${embeddings.url}/v1`, sinkUrl: sink.url, dimensions };
  let stack: CatchUpStack | undefined;
  try {
    const settings = { "bulk:enabled": "true", "bulk:workers": "2" };
    stack = await CatchUpStack.start({ ...place, model, rowsPerChunk, settings });
    const { bulk } = stack;
    if (bulk === undefined) throw new Error("The local stack has no bulk API.");
    const apiKey = await readSecret(bulk.apiKeySecret, "bulk:apiKey");
    const client = new BulkClient(bulk.url, apiKey);
    const fileOf = async (count: number) => {
      const file = join(folder, `${count}.csv`);
      await writeRows(file, count);
      return file;
    };
    const file = await fileOf(comparedRows);
    const warmUpFile = await fileOf(rowsPerChunk * warmUpChunks);
    const warmKey = await stack.upload(warmUpFile);
    await stack.untilOver(await stack.startTask(warmKey));
    let finishedTaskId = "";
    for (let time = 0; time < workerWarmUps; time += 1) {
      finishedTaskId = await startTask(warmKey, client);
      await untilOver(finishedTaskId, client);
    }

    await emptySink(sink.url);
    const bare = await runChild<BareOutcome>("catchup/bare-loop.ts", { ...place, file, warmUpFile, model });
    await expectStored(comparedRows, "the bare loop", sink.url);

    const key = await stack.upload(file);
    await emptySink(sink.url);
    const machineSeconds = await secondsOf(async () => {
      const { client: catchUp } = stack as CatchUpStack;
      await untilOver(await (stack as CatchUpStack).startTask(key), catchUp);
    });
    await expectStored(comparedRows, "the state machine", sink.url);
    const byWorkers = async (count: number, ofKey: string) => {
      const before = cpuSeconds(folder);
      await emptySink(sink.url);
      const seconds = await secondsOf(async () => {
        await untilOver(await startTask(ofKey, client), client);
      });
      const cpuPerRow = (cpuSeconds(folder) - before) / count;
      return { seconds, cpuPerRow, again: await expectAllStored(count, "the workers", sink.url) };
    };
    const smallKey = await stack.upload(await fileOf(fewRows));
    const small: number[] = [];
    for (let time = 0; time < smallRuns; time += 1)
      small.push((await byWorkers(fewRows, smallKey)).cpuPerRow);
    const wholeKey = rows === comparedRows ? key : await stack.upload(await fileOf(rows));
    const bytes: number[] = [];
    const sampling = setInterval(() => bytes.push(maxWorkerBytes(folder)), sampleMs);
    const workers = await byWorkers(rows, wholeKey);
    clearInterval(sampling);

    const recoverySeconds = await recovery(key, client, folder);
    const load = await statusLoad(key, { url: bulk.url, apiKey, finishedTaskId }, services, stack, place);
    await untilOver(load.taskId, client);
    const tenth = Math.max(1, Math.floor(bytes.length / 10));
    return {
      rows,
      comparedRows,
      bareSeconds: bare.seconds,
      machineSeconds,
      workersSeconds: workers.seconds,
      cpuPerRow: workers.cpuPerRow,
      writtenAgain: workers.again,
      smallRows: fewRows,
      smallCpuPerRow: percentile(small, 50),
      firstBytes: mean(bytes.slice(0, tenth)),
      lastBytes: mean(bytes.slice(-tenth)),
      maxBytes: Math.max(...bytes),
      statusMs: load.milliseconds,
      statusFailures: load.failures,
      recoverySeconds,
    };
  } finally {
    await stack?.stop();
    await Promise.all(services.map((service) => service.stop()));
    await rm(folder, { recursive: true });
  }
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

function requestFor(key: string) {
  return { data_source: "s3_csv", s3_key: key, all_dates: true };
}

function startTask(key: string, client: BulkClient): Promise<string> {
  return client.start(requestFor(key));
}

/** Throws StoredWronglyError unless the task is completed in the end. */
async function untilOver(taskId: string, client: Pick<BulkClient, "status">): Promise<ShownTask> {
  const task = await follow(taskId, client, () => {}, { everyMs: followMs });
  if (task.status !== "COMPLETED") throw new StoredWronglyError(`the task is ${task.status}: ${task.error}`);
  return task;
}

/** On AWS the API shares no core with the workers. Here workers and providers are pinned to the last core, and all else to the others. */
async function statusLoad(
  key: string,
  { url, apiKey, finishedTaskId }: Pick<LoadOrders, "url" | "apiKey" | "finishedTaskId">,
  services: readonly { readonly pid: number }[],
  stack: CatchUpStack,
  { folder }: Place,
): Promise<LoadOutcome> {
  await stack.keepWorkersApart();
  for (const { pid } of services) keepToLastProcessor(pid);
  for (const pid of pidsOf("bulk-worker", folder)) keepToLastProcessor(pid);
  for (const pid of pidsOf("bulk-api", folder)) keepFromLastProcessor(pid);
  const request = requestFor(key);
  const orders: LoadOrders = {
    api: "bulk",
    url,
    apiKey,
    finishedTaskId,
    request,
    perSecond: statusPerSecond,
  };
  return runChild<LoadOutcome>("catchup/status-load.ts", orders);
}

/** A worker is killed while a task runs; the chunk that it had is taken over by another. */
async function recovery(key: string, client: BulkClient, folder: string): Promise<number> {
  const id = await startTask(key, client);
  while ((await client.status(id)).progress.chunks_completed < 2) await sleep(50);
  const [victim] = pidsOf("bulk-worker", folder);
  if (victim === undefined) throw new Error("There is no worker to kill.");
  process.kill(victim, "SIGKILL");
  let completed = (await client.status(id)).progress.chunks_completed;
  let lastAt = performance.now();
  let longest = 0;
  for (let task = await client.status(id); ; task = await client.status(id)) {
    if (task.progress.chunks_completed > completed || isOver(task)) {
      longest = Math.max(longest, performance.now() - lastAt);
      lastAt = performance.now();
      completed = task.progress.chunks_completed;
    }
    if (isOver(task)) break;
    await sleep(50);
  }
  await untilOver(id, client);
  return longest / 1_000;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
