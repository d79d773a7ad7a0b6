import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "bullmq";
import { settleDeps } from "../../catchup/host/settle-deps.ts";
import { tasksClient } from "../../catchup/host/tasks-client.ts";
import { OpenTasks } from "../../catchup/tasks/open-tasks.ts";
import { errorFields } from "../../log.ts";
import { loggedMetrics } from "../../metrics.ts";
import type { ServiceFrame } from "../../process/define-service.ts";
import { readSecret } from "../../settings/secret.ts";
import { openBroker } from "../broker/broker.ts";
import { type ChunkJob, queueNames, type TaskJob } from "../broker/jobs.ts";
import { processChunkJob } from "../work/chunk-processor.ts";
import { Outages } from "../work/outages.ts";
import { processTask, taskWorker } from "../work/task-processor.ts";
import { watchInTurn } from "../work/watch.ts";
import { WatchLease } from "../work/watch-lease.ts";
import { WorkerJobs } from "../work/worker-jobs.ts";
import { beatMs, Heartbeats } from "../workers/heartbeats.ts";
import { MemoryGuard } from "../workers/memory-guard.ts";
import { repeatedly } from "./repeatedly.ts";
import type { BulkWorkerConfig } from "./worker-config.ts";
import { workerDeps } from "./worker-deps.ts";

/** The time limit of a chunk's provider calls; after it the chunk is deferred. */
const chunkMs = 5 * 60_000;
/** Planning reads a whole file, or the result of a Metabase question. */
const planMs = 60 * 60_000;
/** A killed watcher is replaced within this fraction of the interval after its lease expires. */
const looksPerWatch = 4;
/** The part of the stop time that is reserved for closing connections. */
const closingMs = 5_000;

/** Runs a worker process: it plans and settles tasks, processes chunks, and watches for open tasks without a job. */
export async function runBulkWorker(
  config: BulkWorkerConfig,
  { log, onStop, exit }: ServiceFrame,
): Promise<void> {
  const onError = (error: Error) => log.warn("The broker cannot be reached", errorFields(error));
  const broker = await openBroker(await readSecret(config.BROKER_URL_SECRET, "bulk:redisUrl"), onError);
  const names = queueNames(config.BROKER_NAMESPACE);
  const queues = { tasks: broker.queue<TaskJob>(names.tasks), chunks: broker.queue<ChunkJob>(names.chunks) };
  const metrics = loggedMetrics("bulk");
  const depsFor = workerDeps(config, queues, new Outages(), { log, metrics });
  // Watch and heartbeats use their own client, so that they continue while jobs wait for the table.
  const client = tasksClient();
  const { tasks } = settleDeps(config, { log, metrics }, client);
  const jobs = new WorkerJobs({ queues, tasks });
  const openTasks = new OpenTasks(client, config.TASKS_TABLE);
  const lease = new WatchLease(client, config.TASKS_TABLE);
  const watchMs = config.WATCH_SECONDS * 1_000;
  const heartbeats = new Heartbeats(client, config.TASKS_TABLE);
  const workerId = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  /** The numbers of tasks and chunks in progress. */
  const busy = { tasks: 0, chunks: 0 };

  const counted = async (kind: keyof typeof busy, work: () => Promise<void>) => {
    busy[kind] += 1;
    try {
      await work();
    } finally {
      busy[kind] -= 1;
      metrics.write();
    }
  };
  const workers: readonly Worker[] = [
    taskWorker(broker, names.tasks, (job, token) =>
      counted("tasks", async () => processTask(job, token, await depsFor(Date.now() + planMs))),
    ),
    broker.worker<ChunkJob>(
      names.chunks,
      (job, token = "") =>
        counted("chunks", async () => processChunkJob(job, token, await depsFor(Date.now() + chunkMs))),
      { concurrency: config.CHUNKS_AT_ONCE },
    ),
  ];
  const stopping = new AbortController();
  const { signal } = stopping;
  const stop = async (code: number) => {
    stopping.abort();
    const closed = Promise.all(workers.map((worker) => worker.close()));
    const inTime = sleep(config.STOP_SECONDS * 1_000 - closingMs, "late", { ref: false });
    // Another worker takes over the jobs that are not finished in time, as after a crash.
    if ((await Promise.race([closed, inTime])) === "late")
      log.warn("Stopping before all chunks have finished");
    metrics.write();
    await exit(code);
  };
  const memory = new MemoryGuard({
    limitBytes: config.MEMORY_MIB * 1024 * 1024,
    usedBytes: () => process.memoryUsage.rss(),
    busy: () => busy.tasks + busy.chunks,
    pause: () => {
      log.warn("Taking no further job near the memory limit (bulk:workerMemoryMiB)");
      for (const worker of workers) void worker.pause(true);
    },
    resume: () => {
      for (const worker of workers) worker.resume();
    },
    replace: () => {
      log.error("The process is replaced, because its memory does not shrink when idle");
      // A nonzero code, because systemd restarts only failed processes.
      void stop(1);
    },
  });
  const beat = async () => {
    memory.look();
    const slots = memory.isPaused ? 0 : config.CHUNKS_AT_ONCE;
    await heartbeats.beat(workerId, { slots, busy: busy.chunks });
  };
  repeatedly(beatMs, signal, beat, (error) => log.warn("The heartbeat failed", errorFields(error)));
  repeatedly(
    watchMs / looksPerWatch,
    signal,
    () => watchInTurn({ openTasks, tasks, jobs, log, lease, workerId, everyMs: watchMs }),
    (error) => log.error("The watch of open tasks failed", errorFields(error)),
  );
  log.info("Working", { host: broker.kind });
  onStop(() => stop(0));
}
