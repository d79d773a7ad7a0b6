import { randomBytes } from "node:crypto";
import * as z from "zod";
import { optionalTraceparent } from "../../tracing/traceparent.ts";
import { processRequest } from "../requests/process-request.ts";
import { counts } from "./counts.ts";

export const statuses = [
  "PENDING",
  "IN_PROGRESS",
  "COMPLETED",
  "PARTIALLY_COMPLETED",
  "FAILED",
  "CANCELLED",
  "SKIPPED",
] as const;

export type TaskStatus = (typeof statuses)[number];

const open: readonly TaskStatus[] = ["PENDING", "IN_PROGRESS"];

/** Whether a task in this status may still be processed. */
export function isOpen(status: TaskStatus): boolean {
  return open.includes(status);
}

/** The cost of the request, as estimated by a dry run. */
const estimate = z.object({
  tokens: z.number(),
  cost_usd: z.number(),
  seconds: z.number(),
  /** The same in lane batch. Absent in estimates from before it existed. */
  batch: z.object({ cost_usd: z.number(), seconds: z.number() }).optional(),
});

/** The processor of a task's chunks: an execution by its ARN, or a job of the bulk API by its id. */
const workedOnBy = z.object({ kind: z.enum(["state_machine", "workers"]), id: z.string() });

export type WorkedOnBy = z.infer<typeof workedOnBy>;

/** A task item as it is stored. Times are ISO. */
const storedTask = z.object({
  task_id: z.string(),
  status: z.enum(statuses),
  request: processRequest,
  created_at: z.string(),
  updated_at: z.string(),
  started_at: z.string().optional(),
  completed_at: z.string().optional(),
  /** Number of rows and chunks in the plan. */
  rows: z.number().optional(),
  chunks: z.number().optional(),
  /** How the task is paid; set once that is decided, if it may be in batches. */
  lane: z.enum(["sync", "batch"]).optional(),
  /** Tokens that batches have paid for. */
  batch_tokens: z.number().optional(),
  /** Set once its chunks are dispatched. */
  worked_on_by: workedOnBy.optional(),
  /** The predecessor of worked_on_by in items of earlier versions. */
  execution_arn: z.string().optional(),
  /** Epoch milliseconds after which the function that processes the task has certainly ended. */
  alive_until: z.number(),
  /** Epoch milliseconds by which all attempts of the last settle have ended. */
  settling_until: z.number().optional(),
  /**
   * Bulk API only: the number of consecutive attempts to plan or settle the task that ended without a result, because
   * their process was killed.
   */
  broken_attempts: z.number().optional(),
  /** Counts of all rows; set once the task has ended. */
  counts: counts.optional(),
  chunks_completed: z.number().optional(),
  chunks_failed: z.number().optional(),
  estimate: estimate.optional(),
  error: z.string().optional(),
  failed_records_key: z.string().optional(),
  duplicate_records_key: z.string().optional(),
  /** The span of the request. */
  traceparent: optionalTraceparent,
  /** Epoch seconds. DynamoDB removes the item some time later; readers ignore it at once. */
  expires_at: z.number(),
});

export const task = storedTask.transform(({ execution_arn, ...item }) =>
  execution_arn === undefined || item.worked_on_by !== undefined
    ? item
    : { ...item, worked_on_by: { kind: "state_machine" as const, id: execution_arn } },
);

export type Task = z.infer<typeof task>;
export type Estimate = z.infer<typeof estimate>;

/** Ids sort by time and cannot be guessed. */
export function newTaskId(now: number): string {
  const stamp = new Date(now).toISOString().replace(/\D/g, "").slice(0, 14);
  return `task-${stamp}-${randomBytes(8).toString("hex")}`;
}

export const taskIdPattern = /^task-\d{14}-[0-9a-f]{16}$/;
