import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { watchConfig } from "../../functions/catch-up-watch/config.ts";
import type { BundledFunction, FunctionDefaults } from "./bundled-function.ts";
import { executionsOf } from "./catch-up-machine.ts";
import { environmentOf } from "./environment.ts";
import { allow, invoke, items, queryIndexes } from "./permissions.ts";
import { scheduledFunction } from "./scheduled.ts";

/** Bounds how long a task stays open after its worker died. */
export const watchEveryMinutes = 1;

export interface CatchUpWatchArgs {
  readonly code: pulumi.asset.Archive;
  readonly tasks: aws.dynamodb.Table;
  readonly machine: aws.sfn.StateMachine;
  /** Plans and runs a task. */
  readonly run: BundledFunction;
  /** Ends a task. */
  readonly settle: BundledFunction;
  /** More than all attempts to settle a task take. */
  readonly settlingSeconds: number;
  readonly defaults: FunctionDefaults;
}

/** The scheduled function that settles catch-up tasks without a worker, so that status requests do not have to. */
export class CatchUpWatch extends pulumi.ComponentResource {
  readonly watch: BundledFunction;

  constructor(name: string, args: CatchUpWatchArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:CatchUpWatch", name, {}, options);
    const { tasks, machine, run, settle } = args;
    this.watch = scheduledFunction(
      name,
      {
        ...args.defaults,
        description: "Settles catch-up tasks without a worker, and starts those whose start was lost",
        code: args.code,
        timeoutSeconds: 60 * watchEveryMinutes,
        memoryMiB: 256,
        environment: environmentOf<typeof watchConfig>({
          TASKS_TABLE: tasks.name,
          STATE_MACHINE_ARN: machine.arn,
          RUN_FUNCTION: run.function.name,
          SETTLE_FUNCTION: settle.function.name,
          SETTLING_SECONDS: String(args.settlingSeconds),
        }),
        statements: [
          items(tasks, ["GetItem", "UpdateItem"]),
          queryIndexes(tasks),
          invoke(run.function, settle.function),
          allow(["states:DescribeExecution"], executionsOf(machine.arn)),
        ],
      },
      { description: "Starts a watch of open catch-up tasks", everyMinutes: watchEveryMinutes },
      this,
    );
    this.registerOutputs();
  }
}
