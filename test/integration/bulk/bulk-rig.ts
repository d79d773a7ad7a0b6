import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "bullmq";
import { type Broker, openBroker } from "../../../core/bulk/broker/broker.ts";
import { type ChunkJob, queueNames, type TaskJob, taskJobId } from "../../../core/bulk/broker/jobs.ts";
import { processChunkJob } from "../../../core/bulk/work/chunk-processor.ts";
import { Outages } from "../../../core/bulk/work/outages.ts";
import { processTask, type TaskProcessorDeps, taskWorker } from "../../../core/bulk/work/task-processor.ts";
import { watchBulkTasks } from "../../../core/bulk/work/watch.ts";
import { type BulkQueues, ChunkJobs } from "../../../core/bulk/work/worker-jobs.ts";
import { isOpen, type Task } from "../../../core/catchup/tasks/task.ts";
import { silentLog } from "../../../core/log.ts";
import { TaskRig } from "../../unit/catchup/task-rig.ts";
import type { TaskTables } from "../../unit/catchup/task-tables.ts";

const endsWithinMs = 60_000;

/** A task, and workers that take it from a real broker. */
export class BulkRig extends TaskRig {
  readonly broker: Broker;
  readonly queues: BulkQueues;
  readonly jobs: ChunkJobs;
  outages: TaskProcessorDeps["outages"] = new Outages();
  readonly #names: ReturnType<typeof queueNames>;
  readonly #tables: TaskTables;
  readonly #workers: Worker[] = [];

  private constructor(tables: TaskTables, broker: Broker, namespace: string) {
    super(tables);
    this.broker = broker;
    this.#tables = tables;
    this.#names = queueNames(namespace);
    this.queues = {
      tasks: broker.queue<TaskJob>(this.#names.tasks),
      chunks: broker.queue<ChunkJob>(this.#names.chunks),
    };
    const { tasks, chunkCounts } = tables;
    this.jobs = new ChunkJobs({ queues: this.queues, tasks, chunkCounts, work: this.work });
  }

  /** Each rig has queues of its own. */
  static async open(tables: TaskTables, url: string, namespace: string): Promise<BulkRig> {
    return new BulkRig(tables, await openBroker(url, () => {}), namespace);
  }

  get bulkDeps(): TaskProcessorDeps {
    const { outages } = this;
    return { ...this.taskServices, dispatcher: this.jobs, rowsPerFunction: 0, outages };
  }

  /** A worker that plans and settles tasks, and processes no chunk. */
  startTaskWorker(): void {
    this.#workers.push(
      taskWorker(this.broker, this.#names.tasks, (job, token) => processTask(job, token, this.bulkDeps)),
    );
  }

  /** One worker as a process has it. */
  startWorker(chunksAtOnce = 1): void {
    this.startTaskWorker();
    this.startChunkWorker(chunksAtOnce);
  }

  /** A worker that processes chunks alone. */
  startChunkWorker(chunksAtOnce = 1): void {
    this.#workers.push(
      this.broker.worker<ChunkJob>(
        this.#names.chunks,
        (job, token = "") => processChunkJob(job, token, this.bulkDeps),
        { concurrency: chunksAtOnce },
      ),
    );
  }

  watch(): Promise<void> {
    const { tasks, openTasks } = this.#tables;
    return watchBulkTasks({ tasks, openTasks, jobs: this.jobs, log: silentLog });
  }

  /** Resolves to the task once it is over. */
  async ended(taskId: string): Promise<Task> {
    const giveUpAt = performance.now() + endsWithinMs;
    for (;;) {
      const task = await this.task(taskId);
      if (!isOpen(task.status)) return task;
      if (performance.now() > giveUpAt) throw new Error(`The task is ${task.status} and does not end.`);
      await sleep(20);
    }
  }

  /** Resolves once the broker has no job of the task. */
  async forgotten(taskId: string): Promise<void> {
    while ((await this.queues.tasks.getJob(taskJobId(taskId))) !== undefined) await sleep(20);
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.close()));
  }

  async close(): Promise<void> {
    await this.stopWorkers();
    await Promise.all([this.queues.tasks.close(), this.queues.chunks.close()]);
    await this.broker.close();
  }
}
