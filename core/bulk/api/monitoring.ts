import type { Queue } from "bullmq";
import { type Counts, sum } from "../../catchup/tasks/counts.ts";
import { isOpen, type Task } from "../../catchup/tasks/task.ts";
import type { TaskStore } from "../../catchup/tasks/task-store.ts";
import { isFor } from "../../catchup/work/chunk-dispatcher.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import type { BulkQueues } from "../work/worker-jobs.ts";
import type { Heartbeats } from "../workers/heartbeats.ts";
import { anomaliesOf, type ObservedTask, paceOf } from "./anomalies.ts";
import { type BulkStatus, bulkStatuses, bulkStatusOf, type MonitoringReport } from "./schemas.ts";

/** Only the newest tasks are read. */
const maxTasks = 1_000;
const pageSize = 100;
/** The maximum number of open tasks whose chunks are read. */
const maxActive = 50;
const readsAtOnce = 8;
/** How long a finished task can be reported as an anomaly. */
const recentMs = 24 * 3_600_000;
/** Callers may poll often, so that a younger report is returned from memory. */
const cachedMs = 5_000;

export interface MonitoringDeps {
  readonly queues: BulkQueues;
  readonly heartbeats: Pick<Heartbeats, "alive">;
  readonly tasks: Pick<TaskStore, "list" | "progress">;
  /** Returns epoch milliseconds. */
  now(): number;
}

/** The report for operators: workers, queues, the newest tasks of the bulk API, and their anomalies. */
export class Monitoring {
  readonly #deps: MonitoringDeps;
  #last: { readonly at: number; readonly report: Promise<MonitoringReport> } | undefined;

  constructor(deps: MonitoringDeps) {
    this.#deps = deps;
  }

  read(): Promise<MonitoringReport> {
    const now = this.#deps.now();
    if (this.#last === undefined || now - this.#last.at >= cachedMs) {
      const report = this.#look(now);
      this.#last = { at: now, report };
      // A failed report is not cached.
      report.catch(() => {
        this.#last = undefined;
      });
    }
    return this.#last.report;
  }

  async #look(now: number): Promise<MonitoringReport> {
    const { queues, heartbeats } = this.#deps;
    const [workers, tasks, chunks, observed] = await Promise.all([
      heartbeats.alive(),
      jobCounts(queues.tasks),
      jobCounts(queues.chunks),
      this.#observed(),
    ]);
    const pace = paceOf(observed);
    const total = sum(observed.map(({ counts }) => counts));
    const done = total.processed + total.failed;
    return {
      workers: workers.map(({ id, slots, busy, beatAt }) => ({ id, slots, busy, seen_at: iso(beatAt) })),
      queues: { tasks, chunks },
      statistics: {
        tasks: observed.length,
        by_status: byStatus(observed),
        processed_records: total.processed,
        failed_records: total.failed,
        failure_rate: done === 0 ? 0 : total.failed / done,
        seconds_per_1000_records: pace.tasks === 0 ? null : pace.msPerRow,
      },
      active: observed.filter((one) => one.isOpen).map(activeTask),
      anomalies: observed
        .filter((one) => one.isOpen || now - one.touchedAt < recentMs)
        .flatMap((one) => anomaliesOf(one, pace, now)),
    };
  }

  async #observed(): Promise<(ObservedTask & { readonly chunksProcessing: number })[]> {
    const tasks = await this.#newest();
    const observed = new Map(tasks.map((task) => [task.task_id, unread(task)] as const));
    const open = tasks.filter(({ status }) => isOpen(status)).slice(0, maxActive);
    await inParallel(open, readsAtOnce, async ({ task_id }) => {
      const found = await this.#deps.tasks.progress(task_id);
      if (found === undefined) return;
      const { task, chunks, underWay, touchedAt } = found;
      const counts: Counts = task.counts ?? sum(chunks.values());
      const one = { task, counts, isOpen: isOpen(task.status), touchedAt, chunksProcessing: underWay.chunks };
      observed.set(task_id, one);
    });
    return [...observed.values()];
  }

  async #newest(): Promise<Task[]> {
    const found: Task[] = [];
    let cursor: string | undefined;
    for (let seen = 0; seen < maxTasks; seen += pageSize) {
      const { tasks, next } = await this.#deps.tasks.list({ limit: pageSize, cursor });
      found.push(...tasks.filter((task) => isFor("workers", task)));
      if (next === undefined) break;
      cursor = next;
    }
    return found;
  }
}

/**
 * A task whose chunks are not read: a finished task, or an open one beyond the first `maxActive`. It counts as not
 * open, because without its chunks nothing shows whether it has stalled.
 */
function unread(task: Task) {
  const counts = task.counts ?? sum([]);
  return { task, counts, isOpen: false, touchedAt: Date.parse(task.updated_at), chunksProcessing: 0 };
}

function activeTask({
  task,
  counts,
  touchedAt,
  chunksProcessing,
}: ObservedTask & { readonly chunksProcessing: number }) {
  return {
    task_id: task.task_id,
    status: bulkStatusOf[task.status],
    total_records: task.rows === undefined ? null : task.rows - counts.filtered,
    records_over: counts.processed + counts.failed + counts.duplicates,
    chunks_processing: chunksProcessing,
    updated_at: iso(touchedAt),
  };
}

function byStatus(observed: readonly ObservedTask[]): MonitoringReport["statistics"]["by_status"] {
  const found = Object.fromEntries(bulkStatuses.map((status) => [status, 0])) as Record<BulkStatus, number>;
  for (const { task } of observed) found[bulkStatusOf[task.status]] += 1;
  return found;
}

async function jobCounts(queue: Pick<Queue, "getJobCounts">): Promise<MonitoringReport["queues"]["tasks"]> {
  const counts = await queue.getJobCounts("waiting", "prioritized", "active", "delayed", "waiting-children");
  const of = (name: string) => counts[name] ?? 0;
  return {
    waiting: of("waiting") + of("prioritized"),
    active: of("active"),
    delayed: of("delayed"),
    waiting_children: of("waiting-children"),
  };
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
