import type { Execution } from "../executions/execution.ts";

/** An entry of the result files, and of the output for children that failed. */
export function executionRecord({ identity, ...execution }: Execution): object {
  const isOver = execution.stopDate !== undefined;
  const succeeded = execution.status === "SUCCEEDED";
  return {
    ExecutionArn: identity.arn,
    Input: identity.input,
    InputDetails: { Included: true },
    Name: identity.name,
    ...(succeeded && { Output: execution.output, OutputDetails: { Included: true } }),
    ...(execution.error !== undefined && { Error: execution.error }),
    ...(execution.cause !== undefined && { Cause: execution.cause }),
    RedriveCount: 0,
    RedriveStatus: succeeded ? "NOT_REDRIVABLE" : "REDRIVABLE",
    ...(succeeded && { RedriveStatusReason: "Execution is SUCCEEDED and cannot be redriven" }),
    StartDate: new Date(identity.startDate * 1000).toISOString(),
    StateMachineArn: identity.stateMachineArn,
    Status: execution.status,
    ...(isOver && { StopDate: new Date((execution.stopDate ?? 0) * 1000).toISOString() }),
  };
}

export type Transformation = "NONE" | "COMPACT" | "FLATTEN";

/** The results of a child as the Transformation says; a child that failed is told with NONE. */
export function transformed(child: Execution, transformation: Transformation): unknown[] {
  if (transformation === "NONE" || child.output === undefined) return [executionRecord(child)];
  const output: unknown = JSON.parse(child.output);
  return transformation === "FLATTEN" && Array.isArray(output) ? output : [output];
}
