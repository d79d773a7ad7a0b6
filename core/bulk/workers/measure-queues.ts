import type { Metrics } from "../../metrics.ts";
import type { Broker } from "../broker/broker.ts";
import { waitingIn } from "../broker/waiting.ts";
import type { BulkQueues } from "../work/worker-jobs.ts";
import type { Heartbeats } from "./heartbeats.ts";

/** The number of waiting tasks that are read to find the oldest. An alarm fires at a hundred already. */
const jobsSeen = 1_000;

export interface MeasureDeps {
  readonly broker: Pick<Broker, "report">;
  readonly queues: BulkQueues;
  readonly heartbeats: Pick<Heartbeats, "alive">;
  readonly metrics: Metrics;
  /** Returns epoch milliseconds. */
  now(): number;
}

/** Records waiting jobs and active workers, for alarms and for scaling the workers. */
export async function measureQueues({
  broker,
  queues,
  heartbeats,
  metrics,
  now,
}: MeasureDeps): Promise<void> {
  // Recorded first, so that the alarm for missing workers works without the broker.
  const { length: workers } = await heartbeats.alive();
  metrics.gauge("BulkWorkersActive", workers, "Count");
  const [tasks, chunks, oldest, { memoryPercent }] = await Promise.all([
    waitingIn(queues.tasks),
    waitingIn(queues.chunks),
    queues.tasks.getJobs(["waiting", "prioritized"], 0, jobsSeen - 1),
    broker.report(),
  ]);
  // A task that waits to be settled was started long ago, so that its age is no backlog.
  const since = oldest
    .flatMap((job) => (job?.data.step === "dispatch" ? job.timestamp : []))
    .reduce((a, b) => Math.min(a, b), now());
  metrics.gauge("BulkTasksPending", tasks, "Count");
  metrics.gauge("BulkJobsWaiting", tasks + chunks, "Count");
  metrics.gauge("BulkJobsWithoutWorker", workers === 0 ? tasks + chunks : 0, "Count");
  metrics.gauge("BulkBacklogPerWorker", (tasks + chunks) / Math.max(1, workers), "Count");
  metrics.gauge("BulkOldestJobAge", Math.round((now() - since) / 1_000), "Seconds");
  if (memoryPercent !== undefined) metrics.gauge("BulkBrokerMemoryPercent", memoryPercent, "Percent");
}
