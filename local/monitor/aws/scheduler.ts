import { z } from "zod";
import { accountId, region } from "../../protocol/account.ts";
import { readRate } from "../../schedules/schedules.ts";
import { parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";

const jsonText = z.string().refine((text) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}, "is no JSON");

const schedule = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  scheduleExpression: z.string(),
  flexibleTimeWindow: z.strictObject({ mode: z.literal("OFF") }),
  target: z.strictObject({
    arn: z.string().startsWith("arn:aws:lambda:"),
    roleArn: z.string(),
    input: jsonText,
    /** A call that fails here is reported and not made again. */
    retryPolicy: z
      .strictObject({
        maximumRetryAttempts: z.number().int().min(0).max(185).optional(),
        maximumEventAgeInSeconds: z.number().int().min(60).max(86_400).optional(),
      })
      .optional(),
  }),
});

export const schedulerCreators: Creators = {
  "aws:scheduler/schedule:Schedule"({ name, inputs }, { schedules, roles }) {
    const wanted = parseInputs(schedule, inputs);
    const scheduleName = physicalName(wanted.name, name);
    schedules.create({
      name: scheduleName,
      everyMilliseconds: readRate(wanted.scheduleExpression),
      functionArn: wanted.target.arn,
      input: wanted.target.input,
      roleName: roles.assumedBy("scheduler.amazonaws.com", wanted.target.roleArn),
    });
    const arn = `arn:aws:scheduler:${region}:${accountId}:schedule/default/${scheduleName}`;
    return { id: `default/${scheduleName}`, outputs: { arn, name: scheduleName } };
  },
};
