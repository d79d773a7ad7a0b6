import type { Job, Queue } from "bullmq";
import type { ObjectStore } from "../../catchup/sources/object-store.ts";
import type { Plan } from "../../catchup/sources/plan.ts";
import { readChunks } from "../../catchup/sources/stored-plan.ts";
import type { ChunkCounts } from "../../catchup/tasks/chunk-counts.ts";
import type { TaskStore } from "../../catchup/tasks/task-store.ts";
import type { ChunkDispatcher } from "../../catchup/work/chunk-dispatcher.ts";
import { type ChunkJob, chunkOptions, type TaskJob, taskJobId, taskOptions } from "../broker/jobs.ts";

const jobsPerRequest = 1_000;
/**
 * The number of children of a waiting task that are checked. The broker loses either all of them or at most the last
 * ones.
 */
const childrenSeen = 20;

/**
 * The state of a task's job. `lost` means that it waits for a child that the broker does not have, which is possible
 * after a restore of an older state.
 */
type JobState = "running" | "lost" | "gone";

const overStates: ReadonlySet<string> = new Set(["unknown", "completed", "failed"]);

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

  /** Queues a task for the workers. A task that already has a job keeps it. */
  async enqueue(taskId: string): Promise<void> {
    const { queues, tasks } = this.#deps;
    const task = await tasks.get(taskId);
    await queues.tasks.add(
      "task",
      { task_id: taskId, step: "dispatch" },
      taskOptions(taskId, task?.request.priority),
    );
  }

  /** Removes the chunks of a task that no worker has started. The job of the task then ends by itself. */
  async stop(id: string): Promise<void> {
    const job = await this.#deps.queues.tasks.getJob(id);
    await job?.removeUnprocessedChildren();
  }

  async isRunning(id: string): Promise<boolean> {
    return (await this.#stateOf(id)) === "running";
  }

  /**
   * Dispatches an open task without a running job again. Removes a job that can never end first, because its id is
   * taken.
   */
  async restart(taskId: string): Promise<void> {
    const id = taskJobId(taskId);
    if ((await this.#stateOf(id)) === "lost") await (await this.#deps.queues.tasks.getJob(id))?.remove();
    await this.enqueue(taskId);
  }

  async #stateOf(id: string): Promise<JobState> {
    const job = await this.#deps.queues.tasks.getJob(id);
    if (job === undefined) return "gone";
    const state = await job.getState();
    if (state !== "waiting-children") return overStates.has(state) ? "gone" : "running";
    const missing = await this.#missingChildren(job);
    if (missing.size === 0) return "running";
    // A child may have ended between the two reads, and the job no longer waits for it.
    const still = await this.#missingChildren(job);
    return [...still].some((key) => missing.has(key)) ? "lost" : "running";
  }

  /** Returns the children for which a job waits and which the broker does not have. */
  async #missingChildren(job: Job<TaskJob>): Promise<Set<string>> {
    const { unprocessed = [] } = await job.getDependencies({ unprocessed: { count: childrenSeen } });
    const found = await Promise.all(
      unprocessed.map((key) => this.#deps.queues.chunks.getJob(key.slice(key.lastIndexOf(":") + 1))),
    );
    return new Set(unprocessed.filter((_, at) => found[at] === undefined));
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

  /** Adds a job for every chunk without a result. The job of the task must be active. */
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
