import type { Counts, MapRun } from "../distributed/map-run.ts";
import type { Execution } from "../interpreter/execution.ts";
import type { StateMachine } from "../state-machine.ts";

/** The format of list and describe actions. Undefined fields are omitted. */
export function describeMachine(machine: StateMachine): object {
  const { logging } = machine;
  return {
    stateMachineArn: machine.arn,
    name: machine.name,
    status: "ACTIVE",
    definition: machine.definition,
    roleArn: machine.roleArn,
    type: "STANDARD",
    creationDate: machine.createdAt,
    loggingConfiguration: {
      level: logging?.level ?? "OFF",
      includeExecutionData: logging?.includeExecutionData ?? false,
      destinations: logging && [{ cloudWatchLogsLogGroup: { logGroupArn: logging.logGroupArn } }],
    },
  };
}

export function listedExecution(execution: Execution): object {
  const { mapRunArn, itemCount } = execution.identity;
  return { ...summary(execution), itemCount: mapRunArn && itemCount };
}

export function describeExecution(execution: Execution): object {
  const { identity, output, error, cause } = execution;
  return {
    ...summary(execution),
    input: identity.input,
    inputDetails: { included: true },
    output,
    outputDetails: output === undefined ? undefined : { included: true },
    error,
    cause,
    redriveStatus: "NOT_REDRIVABLE",
    redriveStatusReason: "The local Step Functions does not redrive executions.",
  };
}

function summary({ identity, status, stopDate }: Execution): object {
  const { arn: executionArn, stateMachineArn, name, startDate, mapRunArn } = identity;
  return { executionArn, stateMachineArn, name, status, startDate, stopDate, mapRunArn, redriveCount: 0 };
}

export function listedMapRun(mapRun: MapRun): object {
  const { arn: mapRunArn, executionArn, stateMachineArn, startDate, stopDate } = mapRun;
  return { executionArn, mapRunArn, stateMachineArn, startDate, stopDate };
}

export function describeMapRun(mapRun: MapRun): object {
  const { settings, status, items, executions, startDate, stopDate } = mapRun;
  return {
    mapRunArn: mapRun.arn,
    executionArn: mapRun.executionArn,
    startDate,
    stopDate,
    status,
    maxConcurrency: settings.maxConcurrency,
    toleratedFailureCount: settings.toleratedFailureCount ?? 0,
    toleratedFailurePercentage: settings.toleratedFailurePercentage ?? 0,
    itemCounts: withPending(items),
    executionCounts: withPending(executions),
    redriveCount: 0,
  };
}

function withPending(counts: Counts): object {
  const { total, running, succeeded, failed, timedOut, aborted } = counts;
  return { ...counts, pending: total - running - succeeded - failed - timedOut - aborted };
}
