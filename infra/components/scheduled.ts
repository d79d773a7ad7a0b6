import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { BundledFunction, type BundledFunctionArgs } from "./bundled-function.ts";
import { assumedBy, invoke, policyOf } from "./permissions.ts";

export interface ScheduledArgs {
  readonly description: string;
  readonly everyMinutes: number;
  /** The events of each schedule time, by a suffix of the name. @default one without content */
  readonly events?: Readonly<Record<string, object>>;
}

/** A function of a component that a schedule invokes. */
export function scheduledFunction(
  name: string,
  args: BundledFunctionArgs,
  schedule: ScheduledArgs,
  parent: pulumi.Resource,
): BundledFunction {
  const made = new BundledFunction(name, args, { parent });
  scheduled(name, made, schedule, { parent });
  return made;
}

/** Invokes a function on a schedule. A failed invocation is not retried: the next one does the same work. */
export function scheduled(
  name: string,
  { function: target }: BundledFunction,
  { description, everyMinutes, events = { "": {} } }: ScheduledArgs,
  options: pulumi.ComponentResourceOptions,
): void {
  new aws.lambda.FunctionEventInvokeConfig(
    name,
    { functionName: target.name, maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
    options,
  );
  const role = new aws.iam.Role(
    `${name}-schedule`,
    { assumeRolePolicy: assumedBy("scheduler.amazonaws.com") },
    options,
  );
  const policy = new aws.iam.RolePolicy(
    `${name}-schedule`,
    { role: role.id, policy: policyOf([invoke(target)]) },
    options,
  );
  for (const [suffix, event] of Object.entries(events)) {
    new aws.scheduler.Schedule(
      `${name}${suffix}`,
      {
        name: `${name}${suffix}`,
        description,
        scheduleExpression: `rate(${everyMinutes} ${everyMinutes === 1 ? "minute" : "minutes"})`,
        flexibleTimeWindow: { mode: "OFF" },
        target: {
          arn: target.arn,
          roleArn: role.arn,
          input: JSON.stringify(event),
          retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
        },
      },
      { ...options, dependsOn: [policy] },
    );
  }
}
