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

/** Whether work may still be done for a task in this status. */
export function isOpen(status: TaskStatus): boolean {
  return open.includes(status);
}

/** What a dry run says that the same request would cost. */
const estimate = z.object({
  tokens: z.number(),
  cost_usd: z.number(),
  seconds: z.number(),
});

/** What processes the chunks of a task: an execution by its ARN, or a job of the bulk API by its id. */
const workedOnBy = z.object({ kind: z.enum(["state_machine", "workers"]), id: z.string() });

export type WorkedOnBy = z.infer<typeof workedOnBy>;

/** The item of a task as it is stored. Times are ISO. */
const storedTask = z.object({
  task_id: z.string(),
  status: z.enum(statuses),
  request: processRequest,
  created_at: z.string(),
  updated_at: z.string(),
  started_at: z.string().optional(),
  completed_at: z.string().optional(),
  /** Rows and chunks that the plan found. */
  rows: z.number().optional(),
  chunks: z.number().optional(),
  /** Set once its chunks are dispatched. */
  worked_on_by: workedOnBy.optional(),
  /** In its place in items of earlier versions. */
  execution_arn: z.string().optional(),
  /** Epoch ms after which the function that works on it has surely ended. */
  alive_until: z.number(),
  /** Epoch ms by which all attempts of the settle that was invoked last have ended. */
  settling_until: z.number().optional(),
  /** Of the bulk API: consecutive attempts to plan or settle it that neither ended nor failed, because their process was killed. */
  broken_attempts: z.number().optional(),
  /** Of all rows, once the task is over. */
  counts: counts.optional(),
  chunks_completed: z.number().optional(),
  chunks_failed: z.number().optional(),
  estimate: estimate.optional(),
  error: z.string().optional(),
  failed_records_key: z.string().optional(),
  duplicate_records_key: z.string().optional(),
  /** The span of the request. */
  traceparent: optionalTraceparent,
  /** Epoch seconds: DynamoDB removes the item some time later, readers take it for gone at once. */
  expires_at: z.number(),
});

export const task = storedTask.transform(({ execution_arn, ...item }) =>
  execution_arn === undefined || item.worked_on_by !== undefined
    ? item
    : { ...item, worked_on_by: { kind: "state_machine" as const, id: execution_arn } },
);

export type Task = z.infer<typeof task>;
export type Estimate = z.infer<typeof estimate>;

/** Ids sort by time, and nobody guesses one. */
export function newTaskId(now: number): string {
  const stamp = new Date(now).toISOString().replace(/\D/g, "").slice(0, 14);
  return `task-${stamp}-${randomBytes(8).toString("hex")}`;
}

export const taskIdPattern = /^task-\d{14}-[0-9a-f]{16}$/;
