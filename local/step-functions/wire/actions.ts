import { randomUUID } from "node:crypto";
import { z } from "zod";
import { AwsError } from "../../protocol/service.ts";
import { executionArn } from "../arns.ts";
import type { MapRun } from "../distributed/map-run.ts";
import type { Executions } from "../executions/executions.ts";
import type { Execution } from "../interpreter/execution.ts";
import type { StateMachine } from "../state-machine.ts";
import type { StateMachines } from "../state-machines.ts";
import { maxPayloadBytes } from "../states-error.ts";
import {
  describeExecution,
  describeMachine,
  describeMapRun,
  listedExecution,
  listedMapRun,
} from "./descriptions.ts";
import { page } from "./pages.ts";

const arn = z.string().min(1).max(2000);
const paging = { maxResults: z.number().int().min(0).max(1000).default(0), nextToken: z.string().optional() };

export const actionInputs = {
  StartExecution: z.object({
    stateMachineArn: arn,
    name: z.string().min(1).max(80).optional(),
    input: z
      .string()
      .refine((text) => Buffer.byteLength(text) <= maxPayloadBytes, `more than ${maxPayloadBytes} bytes`)
      .default("{}"),
  }),
  StopExecution: z.object({ executionArn: arn, error: z.string().optional(), cause: z.string().optional() }),
  DescribeExecution: z.object({ executionArn: arn }),
  GetExecutionHistory: z.object({
    executionArn: arn,
    reverseOrder: z.boolean().default(false),
    ...paging,
  }),
  ListExecutions: z
    .object({
      stateMachineArn: arn.optional(),
      mapRunArn: arn.optional(),
      statusFilter: z.enum(["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]).optional(),
      ...paging,
    })
    .refine(
      ({ stateMachineArn, mapRunArn }) => (stateMachineArn === undefined) !== (mapRunArn === undefined),
      "either stateMachineArn or mapRunArn is needed",
    ),
  ListStateMachines: z.object(paging),
  DescribeStateMachine: z.object({ stateMachineArn: arn }),
  ListMapRuns: z.object({ executionArn: arn, ...paging }),
  DescribeMapRun: z.object({ mapRunArn: arn }),
} as const;

export type ActionName = keyof typeof actionInputs;
type Actions = { [Name in ActionName]: (input: z.infer<(typeof actionInputs)[Name]>) => object };

export function statesActions(machines: StateMachines, executions: Executions): Actions {
  return {
    StartExecution: ({ stateMachineArn, name = randomUUID(), input }) => {
      const machine = existingMachine(machines, stateMachineArn);
      const { identity } = start(executions, machine, name, input);
      return { executionArn: identity.arn, startDate: identity.startDate };
    },
    StopExecution: ({ executionArn, error, cause }) => {
      const execution = existingExecution(executions, executionArn);
      execution.abort(error, cause);
      return { stopDate: execution.stopDate };
    },
    DescribeExecution: ({ executionArn }) => describeExecution(existingExecution(executions, executionArn)),
    GetExecutionHistory: ({ executionArn, reverseOrder, ...paging }) => {
      const { events } = existingExecution(executions, executionArn).history;
      const [shown, nextToken] = page(reverseOrder ? events.toReversed() : events, paging);
      return { events: shown, nextToken };
    },
    ListExecutions: ({ stateMachineArn, mapRunArn, statusFilter, ...paging }) => {
      if (stateMachineArn !== undefined) existingMachine(machines, stateMachineArn);
      if (mapRunArn !== undefined) existingMapRun(executions, mapRunArn);
      const wanted = executions
        .all()
        .filter(({ identity }) =>
          mapRunArn === undefined
            ? identity.stateMachineArn === stateMachineArn
            : identity.mapRunArn === mapRunArn,
        )
        .filter(({ status }) => statusFilter === undefined || status === statusFilter);
      const [shown, nextToken] = page(wanted, paging);
      return { executions: shown.map(listedExecution), nextToken };
    },
    ListStateMachines: (paging) => {
      const [shown, nextToken] = page(machines.all(), paging);
      return {
        stateMachines: shown.map(({ name, arn: stateMachineArn, createdAt }) => ({
          name,
          stateMachineArn,
          type: "STANDARD",
          creationDate: createdAt,
        })),
        nextToken,
      };
    },
    DescribeStateMachine: ({ stateMachineArn }) =>
      describeMachine(existingMachine(machines, stateMachineArn)),
    ListMapRuns: ({ executionArn, ...paging }) => {
      existingExecution(executions, executionArn);
      const [shown, nextToken] = page(executions.mapRunsOf(executionArn), paging);
      return { mapRuns: shown.map(listedMapRun), nextToken };
    },
    DescribeMapRun: ({ mapRunArn }) => describeMapRun(existingMapRun(executions, mapRunArn)),
  };
}

/** Idempotent by name: the same call while the execution runs returns it. */
function start(executions: Executions, machine: StateMachine, name: string, input: string): Execution {
  checkName(name);
  checkJson(input);
  const known = executions.find(executionArn(machine.name, name));
  if (known === undefined) return executions.start(machine, name, input);
  if (known.status === "RUNNING" && known.identity.input === input) return known;
  throw new AwsError(400, "ExecutionAlreadyExists", `Execution Already Exists: '${known.identity.arn}'`);
}

const forbiddenInNames = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]/u;

function checkName(name: string): void {
  if (!forbiddenInNames.test(name)) return;
  throw new AwsError(400, "InvalidName", `Invalid Name: '${name}'`);
}

function checkJson(input: string): void {
  try {
    JSON.parse(input);
  } catch {
    throw new AwsError(
      400,
      "InvalidExecutionInput",
      "Invalid State Machine Execution Input: it is not JSON.",
    );
  }
}

function existingMachine(machines: StateMachines, arn: string): StateMachine {
  const machine = machines.find(arn);
  if (machine !== undefined) return machine;
  throw new AwsError(400, "StateMachineDoesNotExist", `State Machine Does Not Exist: '${arn}'`);
}

function existingExecution(executions: Executions, arn: string): Execution {
  const execution = executions.find(arn);
  if (execution !== undefined) return execution;
  throw new AwsError(400, "ExecutionDoesNotExist", `Execution Does Not Exist: '${arn}'`);
}

function existingMapRun(executions: Executions, arn: string): MapRun {
  const mapRun = executions.findMapRun(arn);
  if (mapRun !== undefined) return mapRun;
  throw new AwsError(400, "ResourceNotFound", `Resource not found: '${arn}'`);
}
