import { z } from "zod";
import type { LogSettings } from "../../step-functions/execution-log.ts";
import type { Deployment } from "../deployment.ts";
import { parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";

const logDestination = z
  .string()
  .regex(/^arn:aws:logs:.*:log-group:.*:\*$/, "not a log group's ARN that ends in :*");

const stateMachine = z.strictObject({
  name: z.string().max(80).optional(),
  definition: z.string(),
  roleArn: z.string(),
  type: z.literal("STANDARD", "the local Step Functions has no Express workflows").default("STANDARD"),
  loggingConfiguration: z
    .strictObject({
      level: z.enum(["ALL", "ERROR", "FATAL", "OFF"]).default("OFF"),
      includeExecutionData: z.boolean().default(false),
      logDestination: logDestination.optional(),
    })
    .optional(),
  tracingConfiguration: z.strictObject({ enabled: z.boolean() }).optional(),
  tags: z.unknown().optional(),
});

type LoggingConfiguration = z.infer<typeof stateMachine>["loggingConfiguration"];

export const sfnCreators: Creators = {
  "aws:sfn/stateMachine:StateMachine"({ name, inputs }, deployment) {
    const wanted = parseInputs(stateMachine, inputs);
    const roleName = deployment.roles.assumedBy("states.amazonaws.com", wanted.roleArn);
    const logSettings = logSettingsOf(wanted.loggingConfiguration);
    if (logSettings !== undefined) checkLogDelivery(deployment, roleName);
    const machine = deployment.stepFunctions.create(
      {
        name: physicalName(wanted.name, name),
        definition: wanted.definition,
        roleName,
        roleArn: wanted.roleArn,
      },
      logSettings,
    );
    return {
      id: machine.arn,
      outputs: {
        arn: machine.arn,
        name: machine.name,
        status: "ACTIVE",
        creationDate: new Date(machine.createdAt * 1000).toISOString(),
      },
    };
  },
};

function logSettingsOf(configuration: LoggingConfiguration): LogSettings | undefined {
  if (configuration === undefined || configuration.level === "OFF") return undefined;
  const { level, includeExecutionData, logDestination: logGroupArn } = configuration;
  if (logGroupArn === undefined)
    throw new Error(`loggingConfiguration of level ${level} needs a logDestination`);
  return { level, includeExecutionData, logGroupArn };
}

/**
 * The permissions that Step Functions needs to deliver logs; none of these actions supports resource-level permissions.
 */
const deliveryActions = [
  "CreateLogDelivery",
  "GetLogDelivery",
  "UpdateLogDelivery",
  "DeleteLogDelivery",
  "ListLogDeliveries",
  "PutResourcePolicy",
  "DescribeResourcePolicies",
  "DescribeLogGroups",
];

function checkLogDelivery({ platform }: Deployment, roleName: string): void {
  const missing = deliveryActions
    .map((action) => `logs:${action}`)
    .filter((action) => !platform.allows(roleName, { action, resource: "*" }));
  if (missing.length === 0) return;
  throw new Error(
    `The state machine IAM Role is not authorized to access the Log Destination: it lacks ${missing.join(", ")} on *`,
  );
}
