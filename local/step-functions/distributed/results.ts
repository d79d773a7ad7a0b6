import type { Execution, ExecutionIdentity } from "../interpreter/execution.ts";

/** An entry of the result files, and of the output for children that failed. */
export function executionRecord(execution: Execution): object {
  const { identity, status, output, error, cause, stopDate = 0 } = execution;
  const succeeded = status === "SUCCEEDED";
  return {
    ...identityRecord(identity),
    ...(succeeded && { Output: output, OutputDetails: { Included: true } }),
    ...(error !== undefined && { Error: error }),
    ...(cause !== undefined && { Cause: cause }),
    RedriveStatus: succeeded ? "NOT_REDRIVABLE" : "REDRIVABLE",
    ...(succeeded && { RedriveStatusReason: "Execution is SUCCEEDED and cannot be redriven" }),
    StartDate: isoTime(identity.startDate),
    Status: status,
    StopDate: isoTime(stopDate),
  };
}

/** The same for a child that was not started. */
export function pendingRecord(identity: ExecutionIdentity): object {
  return { ...identityRecord(identity), Status: "PENDING" };
}

function identityRecord({ arn, input, name, stateMachineArn }: ExecutionIdentity): object {
  return {
    ExecutionArn: arn,
    Input: input,
    InputDetails: { Included: true },
    Name: name,
    RedriveCount: 0,
    StateMachineArn: stateMachineArn,
  };
}

function isoTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}

export type Transformation = "NONE" | "COMPACT" | "FLATTEN";

/**
 * Returns the results of a child in the format of the Transformation. With NONE, or if the child failed, returns its
 * execution record.
 */
export function transformed(child: Execution, transformation: Transformation): unknown[] {
  if (transformation === "NONE" || child.output === undefined) return [executionRecord(child)];
  const output: unknown = JSON.parse(child.output);
  return transformation === "FLATTEN" && Array.isArray(output) ? output : [output];
}
