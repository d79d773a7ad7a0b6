import { CreateTopicCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import { z } from "zod";
import { parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";

const subscription = z.strictObject({
  topic: z.string(),
  protocol: z.string(),
  endpoint: z.string(),
  rawMessageDelivery: z.boolean().optional(),
});

/** A topic's policy and key mean nothing here: the endpoint judges by the callers' own policies. */
export const snsCreators: Creators = {
  async "aws:sns/topic:Topic"({ name, inputs }, { sns }) {
    const topicName = physicalName(inputs.name, name);
    const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: topicName }));
    return { id: TopicArn, outputs: { arn: TopicArn, name: topicName } };
  },

  "aws:sns/topicPolicy:TopicPolicy": ({ inputs }) => ({ id: String(inputs.arn) }),

  async "aws:sns/topicSubscription:TopicSubscription"({ inputs }, { sns }) {
    const { topic, protocol, endpoint } = parseInputs(subscription, inputs);
    const { SubscriptionArn: arn = "" } = await sns.send(
      new SubscribeCommand({
        TopicArn: topic,
        Protocol: protocol,
        Endpoint: endpoint,
        ReturnSubscriptionArn: true,
      }),
    );
    return { id: arn, outputs: { arn } };
  },
};
