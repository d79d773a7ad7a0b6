import { randomBytes } from "node:crypto";
import * as z from "zod";
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

/** The item of a task as it is stored. Times are ISO. */
export const task = z.object({
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
  /** Set while an execution of the state machine works on it. */
  execution_arn: z.string().optional(),
  /** Epoch ms after which the function that works on it has surely ended. */
  alive_until: z.number(),
  /** Epoch ms by which all attempts of the settle that was invoked last have ended. */
  settling_until: z.number().optional(),
  /** Of all rows, once the task is over. */
  counts: counts.optional(),
  chunks_completed: z.number().optional(),
  chunks_failed: z.number().optional(),
  estimate: estimate.optional(),
  error: z.string().optional(),
  failed_records_key: z.string().optional(),
  duplicate_records_key: z.string().optional(),
  /** Epoch seconds: DynamoDB removes the item some time later, readers take it for gone at once. */
  expires_at: z.number(),
});

export type Task = z.infer<typeof task>;
export type Estimate = z.infer<typeof estimate>;

/** Ids sort by time, and nobody guesses one. */
export function newTaskId(now: number): string {
  const stamp = new Date(now).toISOString().replace(/\D/g, "").slice(0, 14);
  return `task-${stamp}-${randomBytes(8).toString("hex")}`;
}

export const taskIdPattern = /^task-\d{14}-[0-9a-f]{16}$/;
