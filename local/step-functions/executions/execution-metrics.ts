import type { ExecutionStatus } from "../interpreter/execution.ts";

const byStatus = {
  RUNNING: undefined,
  SUCCEEDED: "ExecutionsSucceeded",
  FAILED: "ExecutionsFailed",
  TIMED_OUT: "ExecutionsTimedOut",
  ABORTED: "ExecutionsAborted",
} as const satisfies Record<ExecutionStatus, string | undefined>;

/** The metrics of the local Step Functions for each machine, by `StateMachineArn`. Children of a map do not count. */
export const executionMetrics = [
  "ExecutionsStarted",
  "ExecutionsSucceeded",
  "ExecutionsFailed",
  "ExecutionsTimedOut",
  "ExecutionsAborted",
] as const;

export type ExecutionMetric = (typeof executionMetrics)[number];

/** Undefined while it runs. */
export function metricOfStatus(status: ExecutionStatus): ExecutionMetric | undefined {
  return byStatus[status];
}
