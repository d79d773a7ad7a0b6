import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { BundledFunction } from "./bundled-function.ts";
import type { Named } from "./named.ts";
import { allow, assumedBy, invoke, policyOf, putObjects, readObjects } from "./permissions.ts";
import { writeTraces } from "./tracing.ts";

export interface CatchUpMachineArgs {
  /** Processes one chunk. */
  readonly chunk: BundledFunction;
  /** Advances the batch of a unit of chunks. */
  readonly batch: BundledFunction;
  /** Settles a task. */
  readonly settle: BundledFunction;
  /** Holds the lists of chunks and receives the map's results. */
  readonly work: Named;
  /** Concurrent chunks per task. */
  readonly concurrency: number;
  /** Concurrent batches per task. */
  readonly batchesInFlight: number;
  readonly logRetentionDays: number;
  readonly isTraced: boolean;
}

/**
 * The state machine of large tasks: in lane batch a map over the units that batches pay for, then a map over the chunks of
 * the plan, then the settle step.
 */
export class CatchUpMachine extends pulumi.ComponentResource {
  readonly machine: aws.sfn.StateMachine;
  /** Functions that start executions must depend on it. */
  readonly policy: aws.iam.RolePolicy;

  constructor(name: string, args: CatchUpMachineArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:CatchUpMachine", name, {}, options);
    const inside = { parent: this };
    const role = new aws.iam.Role(name, { assumeRolePolicy: assumedBy("states.amazonaws.com") }, inside);
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      { name: `/aws/vendedlogs/states/${name}`, retentionInDays: args.logRetentionDays },
      inside,
    );
    const logging = new aws.iam.RolePolicy(
      `${name}-logging`,
      {
        role: role.id,
        policy: policyOf(args.isTraced ? [deliverLogs, writeTraces, readSamplingRules] : [deliverLogs]),
      },
      inside,
    );
    this.machine = new aws.sfn.StateMachine(
      name,
      {
        roleArn: role.arn,
        definition: definitionOf(args),
        ...(args.isTraced && { tracingConfiguration: { enabled: true } }),
        loggingConfiguration: {
          level: "ERROR",
          includeExecutionData: false,
          logDestination: pulumi.interpolate`${logGroup.arn}:*`,
        },
      },
      { parent: this, dependsOn: [logging] },
    );
    const { arn } = this.machine;
    this.policy = new aws.iam.RolePolicy(
      name,
      {
        role: role.id,
        policy: policyOf([
          invoke(args.chunk.function, args.batch.function, args.settle.function),
          readObjects(args.work, "plans/"),
          putObjects(args.work, "maps/"),
          readObjects(args.work, "maps/"),
          allow(
            ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            [pulumi.interpolate`${args.work.arn}/maps/*`],
          ),
          allow(["states:StartExecution"], [arn]),
          allow(["states:DescribeExecution", "states:StopExecution"], executionsOf(arn)),
        ]),
      },
      inside,
    );
    this.registerOutputs();
  }
}

/** ARNs of the executions of a state machine and of its map runs. */
export function executionsOf(machineArn: pulumi.Output<string>): pulumi.Output<string>[] {
  const executions = machineArn.apply((arn) => arn.replace(":stateMachine:", ":execution:"));
  return [pulumi.interpolate`${executions}:*`, pulumi.interpolate`${executions}/*`];
}

/** Step Functions decides by them which executions it traces. */
const readSamplingRules = allow(["xray:GetSamplingRules", "xray:GetSamplingTargets"], ["*"]);

/** Step Functions sets up log delivery; none of these actions supports resource-level permissions. */
const deliverLogs = allow(
  [
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
  ],
  ["*"],
);

/** A chunk that a provider's rate limit deferred is retried without counting an attempt, for days if needed. */
const deferred = {
  ErrorEquals: ["EmbeddingThrottledError", "IndexThrottledError", "Lambda.TooManyRequestsException"],
  IntervalSeconds: 5,
  BackoffRate: 1.5,
  MaxDelaySeconds: 60,
  JitterStrategy: "FULL",
  MaxAttempts: 10_000,
};

const failed = {
  ErrorEquals: ["States.ALL"],
  IntervalSeconds: 2,
  BackoffRate: 2,
  MaxDelaySeconds: 60,
  JitterStrategy: "FULL",
  MaxAttempts: 4,
};

/** Some 45 minutes: a unit that is given up has its texts paid at the full price. */
const failedBatch = { ...failed, MaxDelaySeconds: 600, MaxAttempts: 12 };

/**
 * The state carries the task id and the key of its chunk list, and nothing that grows with the chunks (F22): children return
 * nothing, and the map's results go to S3. Failed chunks do not fail the map: settling decides the status of the task.
 */
function definitionOf(args: CatchUpMachineArgs): pulumi.Output<string> {
  const { chunk, settle, work, concurrency } = args;
  const task = { task_id: "{% $states.input.task_id %}" };
  return pulumi.jsonStringify({
    Comment: "Processes the chunks of a catch-up task, then settles it",
    QueryLanguage: "JSONata",
    StartAt: "Lane",
    States: {
      Lane: {
        Type: "Choice",
        Choices: [{ Condition: "{% $exists($states.input.units_key) %}", Next: "EachUnit" }],
        Default: "EachChunk",
      },
      EachUnit: eachUnit(args),
      EachChunk: {
        Type: "Map",
        ItemReader: {
          Resource: "arn:aws:states:::s3:getObject",
          ReaderConfig: { InputType: "JSON" },
          Arguments: { Bucket: work.name, Key: "{% $states.input.chunks_key %}" },
        },
        ItemSelector: { ...task, chunk: "{% $states.context.Map.Item.Value %}" },
        MaxConcurrency: concurrency,
        ToleratedFailurePercentage: 100,
        ItemProcessor: {
          ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
          StartAt: "Chunk",
          States: {
            Chunk: {
              Type: "Task",
              Resource: "arn:aws:states:::lambda:invoke",
              Arguments: { FunctionName: chunk.function.arn, Payload: "{% $states.input %}" },
              Output: {},
              Retry: [deferred, failed],
              End: true,
            },
          },
        },
        ResultWriter: {
          Resource: "arn:aws:states:::s3:putObject",
          Arguments: { Bucket: work.name, Prefix: "{% 'maps/' & $states.input.task_id %}" },
        },
        Output: task,
        Catch: [{ ErrorEquals: ["States.ALL"], Output: task, Next: "Settle" }],
        Next: "Settle",
      },
      Settle: {
        Type: "Task",
        Resource: "arn:aws:states:::lambda:invoke",
        Arguments: { FunctionName: settle.function.arn, Payload: task },
        Output: {},
        Retry: [failed],
        End: true,
      },
    },
  });
}

/**
 * A unit whose batch fails permanently is given up, which cancels the batch, and does not fail the map: its chunks pay for
 * their texts themselves.
 */
function eachUnit({ batch, work, batchesInFlight }: CatchUpMachineArgs) {
  const task = { task_id: "{% $states.input.task_id %}", chunks_key: "{% $states.input.chunks_key %}" };
  return {
    Type: "Map",
    ItemReader: {
      Resource: "arn:aws:states:::s3:getObject",
      ReaderConfig: { InputType: "JSON" },
      Arguments: { Bucket: work.name, Key: "{% $states.input.units_key %}" },
    },
    ItemSelector: { task_id: task.task_id, unit: "{% $states.context.Map.Item.Value %}" },
    MaxConcurrency: batchesInFlight,
    ToleratedFailurePercentage: 100,
    ItemProcessor: {
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
      StartAt: "Batch",
      States: {
        Batch: {
          Type: "Task",
          Resource: "arn:aws:states:::lambda:invoke",
          Arguments: {
            FunctionName: batch.function.arn,
            Payload: { task_id: task.task_id, unit: "{% $states.input.unit %}" },
          },
          Output: {
            task_id: task.task_id,
            unit: "{% $states.input.unit %}",
            done: "{% $states.result.Payload.done %}",
            wait_seconds: "{% $states.result.Payload.wait_seconds %}",
          },
          Retry: [deferred, failedBatch],
          Catch: [
            {
              ErrorEquals: ["States.ALL"],
              Output: { task_id: task.task_id, unit: "{% $states.input.unit %}" },
              Next: "GiveUp",
            },
          ],
          Next: "BatchEnded",
        },
        GiveUp: {
          Type: "Task",
          Resource: "arn:aws:states:::lambda:invoke",
          Arguments: {
            FunctionName: batch.function.arn,
            Payload: { task_id: task.task_id, unit: "{% $states.input.unit %}", gives_up: true },
          },
          Output: {},
          Retry: [deferred, failed],
          End: true,
        },
        BatchEnded: {
          Type: "Choice",
          Choices: [{ Condition: "{% $states.input.done %}", Next: "Paid" }],
          Default: "WaitForBatch",
        },
        WaitForBatch: { Type: "Wait", Seconds: "{% $states.input.wait_seconds %}", Next: "Batch" },
        Paid: { Type: "Succeed", Output: {} },
      },
    },
    ResultWriter: {
      Resource: "arn:aws:states:::s3:putObject",
      Arguments: { Bucket: work.name, Prefix: "{% 'maps/' & $states.input.task_id & '/units' %}" },
    },
    Output: task,
    Catch: [{ ErrorEquals: ["States.ALL"], Output: task, Next: "EachChunk" }],
    Next: "EachChunk",
  };
}
