import { type Deployment, ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

const existing = "arn:aws:sns:us-east-1:000000000000:on-call";

function topicsOf(stack: Deployment): string[] {
  return [...ofType(stack, "aws:sns/topic:Topic").keys()];
}

function subscriptionsOf(stack: Deployment): Record<string, unknown>[] {
  return [...ofType(stack, "aws:sns/topicSubscription:TopicSubscription").values()];
}

/** Whom alarms tell, as they go off and clear. */
function toldBy(stack: Deployment): Set<unknown> {
  const alarms = [...ofType(stack, "aws:cloudwatch/metricAlarm:MetricAlarm").values()];
  return new Set(alarms.flatMap(({ alarmActions, okActions }) => [alarmActions, okActions].flat()));
}

test("a stack has its own topic, which every alarm notifies and only subscribers read", async () => {
  const stack = await deployStack("dev");
  expect(topicsOf(stack)).toEqual(["vectorkeep-dev-alarms"]);
  expect(subscriptionsOf(stack)).toEqual([]);
  expect(toldBy(stack)).toEqual(new Set(["arn:sns:vectorkeep-dev-alarms"]));
  expect(stack.outputs.alarmTopicArn).toBe("arn:sns:vectorkeep-dev-alarms");
});

test("the configured address is subscribed to the stack's own topic", async () => {
  const stack = await deployStack("dev", { config: { "alarms:email": "on-call@example.org" } });
  expect(subscriptionsOf(stack)).toEqual([
    { topic: "arn:sns:vectorkeep-dev-alarms", protocol: "email", endpoint: "on-call@example.org" },
  ]);
});

test("alarms notify an existing topic instead, and no other is created", async () => {
  const stack = await deployStack("dev", { config: { "alarms:topicArn": existing } });
  expect(topicsOf(stack)).toEqual([]);
  expect(subscriptionsOf(stack)).toEqual([]);
  expect(toldBy(stack)).toEqual(new Set([existing]));
  expect(stack.outputs.alarmTopicArn).toBe(existing);
});
