import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runChild, startService } from "../child.ts";
import { keepToLastProcessor } from "../processors.ts";
import { StoredWronglyError } from "../stored-wrongly-error.ts";
import type { BareOutcome } from "./bare-loop.ts";
import { CatchUpStack, type functionNames, requestFor } from "./catch-up-stack.ts";
import type { FunctionReport } from "./function-reports.ts";
import type { CatchUpOptions } from "./options.ts";
import { writeRows } from "./rows-file.ts";
import { emptySink, expectStored } from "./sink.ts";
import type { LoadOrders, LoadOutcome } from "./status-load.ts";

const model = "text-embedding-3-small";
const statusPerSecond = 50;
/** The last lines of a function's log come some time after its answer. */
const reportsAfterMs = 1_000;

const warmUpName = "warm-up.csv";

/** One file through the bare loop and through the stack. */
export interface Run {
  readonly taskId: string;
  readonly rows: number;
  readonly bareSeconds: number;
  /** From the request until the task was over. */
  readonly seconds: number;
  /** Bytes of the file that were read from S3, divided by its size. */
  readonly bytesRead: number;
  readonly functions: Readonly<Record<(typeof functionNames)[number], FunctionReport>>;
}

export interface StatusLoad extends LoadOutcome {
  readonly rows: number;
  readonly perSecond: number;
}

interface Place {
  readonly folder: string;
  readonly embeddingsUrl: string;
  readonly sinkUrl: string;
  readonly dimensions: number;
}

/** All sizes on one stack, the bare loop right before each; then the status load while a last task runs. */
export async function measureCatchUp(
  { rows: sizes, dimensions, rowsPerChunk }: CatchUpOptions,
  onRun: (run: Run) => void,
): Promise<{ runs: Run[]; load: StatusLoad }> {
  const folder = await mkdtemp(join(tmpdir(), "vectorkeep-bench-"));
  const services = await Promise.all([
    startService("instant-embeddings.ts", [String(dimensions)]),
    startService("vector-sink.ts", []),
  ]);
  const [embeddings, sink] = services;
  const place = { folder, embeddingsUrl: `${embeddings.url}/v1`, sinkUrl: sink.url, dimensions };
  let stack: CatchUpStack | undefined;
  try {
    stack = await CatchUpStack.start({ ...place, model, rowsPerChunk });
    await warmUp(stack, place, rowsPerChunk);
    const runs: Run[] = [];
    for (const rows of sizes) {
      const run = await measureRows(rows, stack, place);
      onRun(run);
      runs.push(run);
    }
    for (const { pid } of services) keepToLastProcessor(pid);
    await stack.keepWorkersApart();
    return { runs, load: await measureStatus(runs, stack, place) };
  } finally {
    await stack?.stop();
    await Promise.all(services.map((service) => service.stop()));
    await rm(folder, { recursive: true });
  }
}

/**
 * Every process that will be needed has started, and its code is compiled. The function that plans tasks has worked on a
 * whole one as well, so that its memory is reported with that of the others.
 */
async function warmUp(stack: CatchUpStack, { folder }: Place, rowsPerChunk: number): Promise<void> {
  const file = join(folder, warmUpName);
  await writeRows(file, rowsPerChunk * 5);
  const key = await stack.upload(file);
  await stack.untilOver(await stack.startTask(key, "function"));
  await stack.untilOver(await stack.startTask(key));
}

/** Seconds of the files of earlier runs into S3 Vectors, by their rows, on a stack of its own. Throws StoredWronglyError. */
export async function measureS3Vectors({
  rows: sizes,
  dimensions,
  rowsPerChunk,
}: CatchUpOptions): Promise<ReadonlyMap<number, number>> {
  const folder = await mkdtemp(join(tmpdir(), "vectorkeep-bench-"));
  const embeddings = await startService("instant-embeddings.ts", [String(dimensions)]);
  let stack: CatchUpStack | undefined;
  try {
    const place = { folder, embeddingsUrl: `${embeddings.url}/v1`, sinkUrl: "", dimensions };
    const settings = { "catchup:sink": "s3vectors" };
    stack = await CatchUpStack.start({
      ...place,
      sinkUrl: "https://unused.example",
      model,
      rowsPerChunk,
      settings,
    });
    await warmUp(stack, place, rowsPerChunk);
    const seconds = new Map<number, number>();
    for (const rows of sizes) {
      const file = join(folder, `${rows}.csv`);
      await writeRows(file, rows);
      const outcome = await throughStack(file, rows, stack, stack.s3VectorsUrl);
      seconds.set(rows, outcome.seconds);
    }
    return seconds;
  } finally {
    await stack?.stop();
    await embeddings.stop();
    await rm(folder, { recursive: true });
  }
}

/** Throws StoredWronglyError unless every row was written exactly once. */
async function throughStack(file: string, rows: number, stack: CatchUpStack, sinkUrl: string) {
  await emptySink(sinkUrl);
  const key = await stack.upload(file);
  const began = performance.now();
  const task = await stack.untilOver(await stack.startTask(key));
  const seconds = (performance.now() - began) / 1_000;
  await expectStored(rows, "the stack", sinkUrl);
  if (task.progress.processed_records !== rows) {
    throw new StoredWronglyError(`the task counts ${task.progress.processed_records} records of ${rows}`);
  }
  return { key, taskId: task.task_id, seconds };
}

/** Throws StoredWronglyError unless every row was written exactly once. */
async function measureRows(rows: number, stack: CatchUpStack, place: Place): Promise<Run> {
  const { folder, sinkUrl } = place;
  const file = join(folder, `${rows}.csv`);
  const size = await writeRows(file, rows);
  await emptySink(sinkUrl);
  const bare = await runChild<BareOutcome>("catchup/bare-loop.ts", {
    ...place,
    file,
    warmUpFile: join(folder, warmUpName),
    model,
  });
  await expectStored(rows, "the bare loop", sinkUrl);

  const since = Date.now();
  const { key, taskId, seconds } = await throughStack(file, rows, stack, sinkUrl);
  await sleep(reportsAfterMs);
  return {
    taskId,
    rows,
    bareSeconds: bare.seconds,
    seconds,
    bytesRead: (await stack.bytesRead(key)) / size,
    functions: await stack.reports(since),
  };
}

/** The largest file that is no bother, once more, under load. */
async function measureStatus(
  runs: readonly Run[],
  stack: CatchUpStack,
  { folder }: Place,
): Promise<StatusLoad> {
  const sizes = runs.map(({ rows }) => rows);
  const rows = Math.max(...sizes.filter((size) => size <= 100_000), Math.min(...sizes));
  const key = await stack.upload(join(folder, `${rows}.csv`));
  const { url, apiKey } = stack;
  const orders: LoadOrders = {
    api: "catch-up",
    url,
    apiKey,
    finishedTaskId: runs.at(-1)?.taskId ?? "",
    request: requestFor(key),
    perSecond: statusPerSecond,
  };
  const outcome = await runChild<LoadOutcome>("catchup/status-load.ts", orders);
  await stack.untilOver(outcome.taskId);
  return { ...outcome, rows, perSecond: statusPerSecond };
}
