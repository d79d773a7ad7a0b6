import type { Queue } from "bullmq";
import type { ObjectStore } from "../../catchup/sources/object-store.ts";
import type { Plan } from "../../catchup/sources/plan.ts";
import { readChunks } from "../../catchup/sources/stored-plan.ts";
import type { ChunkCounts } from "../../catchup/tasks/chunk-counts.ts";
import type { TaskStore } from "../../catchup/tasks/task-store.ts";
import type { ChunkDispatcher } from "../../catchup/work/chunk-dispatcher.ts";
import { type ChunkJob, chunkOptions, type TaskJob, taskJobId, taskOptions } from "../broker/jobs.ts";

const jobsPerRequest = 1_000;
/** Children of a waiting task that are looked for: the broker loses all of them or, at worst, the last ones. */
const childrenSeen = 20;

export interface BulkQueues {
  readonly tasks: Queue<TaskJob>;
  readonly chunks: Queue<ChunkJob>;
}

export interface WorkerJobsDeps {
  readonly queues: BulkQueues;
  readonly tasks: Pick<TaskStore, "get">;
}

/** The jobs of tasks in the broker. */
export class WorkerJobs {
  readonly #deps: WorkerJobsDeps;

  constructor(deps: WorkerJobsDeps) {
    this.#deps = deps;
  }

  /** Has a task processed by the workers. A task that has a job already keeps it. */
  async enqueue(taskId: string): Promise<void> {
    const { queues, tasks } = this.#deps;
    const task = await tasks.get(taskId);
    await queues.tasks.add(
      "task",
      { task_id: taskId, step: "dispatch" },
      taskOptions(taskId, task?.request.priority),
    );
  }

  /** Removes the chunks of a task that no worker has begun. Its job then ends by itself. */
  async stop(id: string): Promise<void> {
    const job = await this.#deps.queues.tasks.getJob(id);
    await job?.removeUnprocessedChildren();
  }

  /**
   * Whether the job of a task is there, and so are the jobs that it waits for: a broker that was restored from an older
   * state may know the one without the others.
   */
  async isRunning(id: string): Promise<boolean> {
    const { tasks, chunks } = this.#deps.queues;
    const job = await tasks.getJob(id);
    if (job === undefined) return false;
    const state = await job.getState();
    if (state !== "waiting-children")
      return state !== "unknown" && state !== "completed" && state !== "failed";
    const { unprocessed = [] } = await job.getDependencies({ unprocessed: { count: childrenSeen } });
    const jobs = await Promise.all(
      unprocessed.map((key) => chunks.getJob(key.slice(key.lastIndexOf(":") + 1))),
    );
    if (jobs.every((child) => child !== undefined)) return true;
    await job.remove();
    return false;
  }
}

export interface ChunkJobsDeps extends WorkerJobsDeps {
  readonly work: ObjectStore;
  readonly chunkCounts: Pick<ChunkCounts, "all">;
}

/** Dispatches the chunks of a task as children of its job. */
export class ChunkJobs extends WorkerJobs implements ChunkDispatcher {
  readonly kind = "workers";
  readonly #deps: ChunkJobsDeps;

  constructor(deps: ChunkJobsDeps) {
    super(deps);
    this.#deps = deps;
  }

  /** Adds a job for every chunk that has no result yet, while the job of the task itself is active. */
  async start(taskId: string, plan: Plan): Promise<string> {
    const { queues, tasks, work, chunkCounts } = this.#deps;
    const [task, known, chunks] = await Promise.all([
      tasks.get(taskId),
      chunkCounts.all(taskId),
      readChunks(plan, work),
    ]);
    const parent = { id: taskJobId(taskId), queue: queues.tasks.qualifiedName };
    const jobs = chunks
      .filter(({ chunk }) => !known.has(chunk))
      .map((chunk) => ({
        name: "chunk",
        data: { task_id: taskId, chunk },
        opts: { ...chunkOptions(taskId, chunk.chunk, task?.request.priority), parent },
      }));
    for (let at = 0; at < jobs.length; at += jobsPerRequest) {
      await queues.chunks.addBulk(jobs.slice(at, at + jobsPerRequest));
    }
    return parent.id;
  }
}
