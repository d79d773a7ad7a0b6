import { whole } from "../catchup/progress.ts";
import type { BulkMonitoring } from "./client.ts";

/** Formats a monitoring report for operators. */
export function monitoringLines({
  workers,
  queues,
  statistics,
  active,
  anomalies,
}: BulkMonitoring): string[] {
  const { seconds_per_1000_records: pace } = statistics;
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const busy = workers.reduce((sum, worker) => sum + worker.busy, 0);
  return [
    `workers    ${whole(workers.length)}, which work on ${whole(busy)} of ${whole(slots)} chunks`,
    `tasks      ${queueOf(queues.tasks)}, ${whole(queues.tasks.waiting_children)} processed`,
    `chunks     ${queueOf(queues.chunks)}`,
    `records    ${whole(statistics.processed_records)} in the index, ${whole(statistics.failed_records)} failed (${percent(statistics.failure_rate)}), of ${whole(statistics.tasks)} tasks`,
    `pace       ${pace === null ? "unknown: no task is completed" : `${pace.toFixed(1)} s per 1,000 records`}`,
    ...active.map(
      ({ task_id, records_over, total_records, updated_at }) =>
        `active     ${task_id}: ${whole(records_over)} of ${total_records === null ? "?" : whole(total_records)} records, changed ${updated_at}`,
    ),
    ...anomalies.map(({ task_id, severity, detail }) => `anomaly    ${task_id} (${severity}): ${detail}`),
  ];
}

function queueOf({ waiting, active, delayed }: BulkMonitoring["queues"]["tasks"]): string {
  return `${whole(waiting)} waiting, ${whole(active)} active, ${whole(delayed)} delayed`;
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`;
}
