import * as z from "zod";
import type { TaskStatus } from "../../catchup/tasks/task.ts";
import { anomalyKinds } from "./anomalies.ts";

/** The task statuses in all responses and filters of the bulk API. */
export const bulkStatuses = [
  "pending",
  "processing",
  "completed",
  "partially_completed",
  "failed",
  "cancelled",
] as const;

export type BulkStatus = (typeof bulkStatuses)[number];

/** The bulk status for each task status. The type makes a missing status a compile error. */
export const bulkStatusOf = {
  PENDING: "pending",
  IN_PROGRESS: "processing",
  COMPLETED: "completed",
  SKIPPED: "completed",
  PARTIALLY_COMPLETED: "partially_completed",
  FAILED: "failed",
  CANCELLED: "cancelled",
} as const satisfies Record<TaskStatus, BulkStatus>;

const count = z.number().int().min(0);
const time = z.iso.datetime().nullable();

export const progress = z.object({
  total_records: count
    .nullable()
    .meta({ description: "Rows within the dates; null until they are counted." }),
  processed_records: count,
  failed_records: count,
  filtered_records: count.meta({ description: "Rows outside the dates; not in the total." }),
  duplicate_records: count.meta({
    description: "Rows that a later row of the same id and namespace replaced.",
  }),
  unchanged_records: count.meta({
    description: "The part of the processed records that was unchanged in the index.",
  }),
  cached_records: count.meta({
    description: "The part of the processed records whose vectors the embedding cache had.",
  }),
  chunks_total: count.nullable(),
  chunks_completed: count,
  chunks_failed: count,
  chunks_processing: count,
  percentage: z.number().min(0).max(100),
});

export const bulkTask = z.object({
  task_id: z.string(),
  status: z.enum(bulkStatuses),
  progress,
  created_at: z.iso.datetime(),
  started_at: time,
  completed_at: time,
  estimated_completion: time,
  error: z.string().nullable(),
  reason: z.string().nullable().meta({ description: "Why a task without an error had no effect." }),
  failed_records_key: z
    .string()
    .nullable()
    .meta({ description: "Prefix of the failed records in the work bucket." }),
  duplicate_records_key: z.string().nullable(),
  failed_chunks: z.array(count).nullable().meta({
    description: "Chunks with failed records, the first 100; null while the task is open, and in lists.",
  }),
  parameters: z.looseObject({}).meta({ description: "The accepted request with all defaults applied." }),
  spent: z.object({ tokens: count, cost_usd: z.number().min(0) }),
  estimate: z
    .object({ tokens: z.number(), cost_usd: z.number(), seconds: z.number() })
    .nullable()
    .meta({ description: "Of a dry run." }),
});

export type BulkTask = z.infer<typeof bulkTask>;

const jobCounts = z.object({
  waiting: count,
  active: count,
  delayed: count.meta({ description: "Deferred, or waiting for the next attempt." }),
  waiting_children: count.meta({ description: "Tasks whose chunks are being processed." }),
});

export const monitoring = z.object({
  workers: z.array(z.object({ id: z.string(), slots: count, busy: count, seen_at: z.iso.datetime() })),
  queues: z.object({ tasks: jobCounts, chunks: jobCounts }),
  statistics: z.object({
    tasks: count.meta({ description: "Number of tasks read: at most the newest 1,000." }),
    by_status: z.record(z.enum(bulkStatuses), count),
    processed_records: count,
    failed_records: count,
    failure_rate: z.number().min(0).max(1),
    seconds_per_1000_records: z
      .number()
      .nullable()
      .meta({ description: "Of completed tasks; null without one." }),
  }),
  active: z.array(
    z.object({
      task_id: z.string(),
      status: z.enum(bulkStatuses),
      total_records: count.nullable(),
      records_over: count,
      chunks_processing: count,
      updated_at: z.iso.datetime(),
    }),
  ),
  anomalies: z.array(
    z.object({
      task_id: z.string(),
      kind: z.enum(anomalyKinds),
      severity: z.enum(["high", "medium"]),
      detail: z.string(),
    }),
  ),
});

export type MonitoringReport = z.infer<typeof monitoring>;

export const acceptedTask = z.object({
  task_id: z.string(),
  status: z.enum(bulkStatuses),
  message: z.string(),
  created_at: z.iso.datetime(),
});

export const taskPage = z.object({ tasks: z.array(bulkTask), next_cursor: z.string().nullable() });

export const health = z.object({
  status: z.enum(["healthy", "degraded"]),
  version: z.string(),
  workers: z.object({
    active: count.meta({ description: "Worker processes with a heartbeat within the last 15 seconds." }),
    available: count.meta({ description: "Chunks that they could start now." }),
    queued_tasks: count
      .nullable()
      .meta({ description: "Waiting jobs; null while the broker is unavailable." }),
  }),
  redis: z.string().meta({ description: "`connected`, or the problem with the broker." }),
  dynamodb: z.string().meta({ description: "`connected`, or the problem with the table." }),
});

export type Health = z.infer<typeof health>;

export const failure = z.object({
  error: z.string(),
  message: z.string(),
  problems: z
    .array(z.object({ parameter: z.string(), given: z.string().optional(), accepted: z.string() }))
    .optional(),
});
