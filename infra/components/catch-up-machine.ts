import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { BundledFunction } from "./bundled-function.ts";
import type { Named } from "./named.ts";
import { allow, assumedBy, invoke, policyOf, putObjects, readObjects } from "./permissions.ts";

export interface CatchUpMachineArgs {
  /** Works on one chunk. */
  readonly chunk: BundledFunction;
  /** Ends a task. */
  readonly settle: BundledFunction;
  /** Holds the lists of chunks; takes what the map says of its children. */
  readonly work: Named;
  /** Chunks of one task that are worked on at once. */
  readonly concurrency: number;
  readonly logRetentionDays: number;
}

/** The state machine of large tasks: a map over the chunks of a plan, then the end of the task. */
export class CatchUpMachine extends pulumi.ComponentResource {
  readonly machine: aws.sfn.StateMachine;
  /** Without it nothing can run: who starts executions has to come after. */
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
      { role: role.id, policy: policyOf([deliverLogs]) },
      inside,
    );
    this.machine = new aws.sfn.StateMachine(
      name,
      {
        roleArn: role.arn,
        definition: definitionOf(args),
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
          invoke(args.chunk.function, args.settle.function),
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

/** Executions of a state machine, and those that its maps start. */
export function executionsOf(machineArn: pulumi.Output<string>): pulumi.Output<string>[] {
  const executions = machineArn.apply((arn) => arn.replace(":stateMachine:", ":execution:"));
  return [pulumi.interpolate`${executions}:*`, pulumi.interpolate`${executions}/*`];
}

/** Step Functions itself sets up the delivery; none of these actions knows a resource. */
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

/** What comes back from a provider's limit is no attempt: such a chunk waits and is tried again, for days if need be. */
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

/**
 * The state carries the task's id and where its chunks are listed, and nothing that grows with them (F22): children answer
 * nothing, and what the map says of them goes to S3. All chunks may fail: it is the end that judges.
 */
function definitionOf({ chunk, settle, work, concurrency }: CatchUpMachineArgs): pulumi.Output<string> {
  const task = { task_id: "{% $states.input.task_id %}" };
  return pulumi.jsonStringify({
    Comment: "Works on the chunks of a catch-up task, then ends it",
    QueryLanguage: "JSONata",
    StartAt: "EachChunk",
    States: {
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
