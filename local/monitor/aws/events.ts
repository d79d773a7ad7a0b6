import { PutRuleCommand, PutTargetsCommand, type Target } from "@aws-sdk/client-eventbridge";
import * as z from "zod";
import { ruleArn } from "../../services/events/rule.ts";
import { parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";

const rule = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  eventBusName: z.literal("default").optional(),
  eventPattern: z.string(
    "rules of the local EventBridge have a pattern; schedules are EventBridge Scheduler's",
  ),
  state: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  tags: z.unknown().optional(),
});

const target = z.strictObject({
  rule: z.string(),
  arn: z.string(),
  targetId: z.string().optional(),
  eventBusName: z.literal("default").optional(),
  deadLetterConfig: z.strictObject({ arn: z.string().optional() }).optional(),
  retryPolicy: z
    .strictObject({
      maximumRetryAttempts: z.number().optional(),
      maximumEventAgeInSeconds: z.number().optional(),
    })
    .optional(),
  sqsTarget: z.strictObject({ messageGroupId: z.string().optional() }).optional(),
});

export const eventsCreators: Creators = {
  async "aws:cloudwatch/eventRule:EventRule"({ name, inputs }, { events }) {
    const { eventPattern, state, description, ...wanted } = parseInputs(rule, inputs);
    const Name = physicalName(wanted.name, name);
    const command = { Name, EventPattern: eventPattern, State: state, Description: description };
    await events.send(new PutRuleCommand(command));
    return { id: Name, outputs: { name: Name, arn: ruleArn(Name), eventBusName: "default" } };
  },

  async "aws:cloudwatch/eventTarget:EventTarget"({ name, inputs }, { events }) {
    const wanted = parseInputs(target, inputs);
    const Id = physicalName(wanted.targetId, name);
    const { deadLetterConfig, retryPolicy, sqsTarget } = wanted;
    const one: Target = {
      Id,
      Arn: wanted.arn,
      ...(deadLetterConfig && { DeadLetterConfig: { Arn: deadLetterConfig.arn } }),
      ...(retryPolicy && {
        RetryPolicy: {
          MaximumRetryAttempts: retryPolicy.maximumRetryAttempts,
          MaximumEventAgeInSeconds: retryPolicy.maximumEventAgeInSeconds,
        },
      }),
      ...(sqsTarget && { SqsParameters: { MessageGroupId: sqsTarget.messageGroupId } }),
    };
    await events.send(new PutTargetsCommand({ Rule: wanted.rule, Targets: [one] }));
    return { id: `${wanted.rule}-${Id}`, outputs: { targetId: Id } };
  },
};
