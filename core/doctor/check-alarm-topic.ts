import { ListSubscriptionsByTopicCommand, type SNSClient, type Subscription } from "@aws-sdk/client-sns";
import { type Finding, fail, ok, warn } from "./check.ts";

/** Checks that the alarm topic has a confirmed subscriber. */
export async function checkAlarmTopic(sns: SNSClient, topicArn: string): Promise<Finding[]> {
  const subscriptions = await subscriptionsOf(sns, topicArn);
  const unconfirmed = subscriptions.filter(({ SubscriptionArn }) => !SubscriptionArn?.startsWith("arn:"));
  const confirmed = subscriptions.length - unconfirmed.length;
  const pending = unconfirmed.map(({ Endpoint, Protocol }) =>
    (confirmed === 0 ? fail : warn)(
      `${Endpoint} (${Protocol}) has not confirmed its subscription to ${topicArn} and receives no alarms.`,
      "Follow the link in the email from AWS; for another email, replace the subscription with `pulumi up --target-replace`.",
    ),
  );
  if (subscriptions.length === 0) {
    return [
      warn(
        `${topicArn} has no subscriptions: nobody receives alarms.`,
        "Set alarms:email or alarms:topicArn.",
      ),
    ];
  }
  if (confirmed === 0) return pending;
  return [
    ok(`${confirmed} of ${subscriptions.length} subscriptions to ${topicArn} are confirmed.`),
    ...pending,
  ];
}

async function subscriptionsOf(sns: SNSClient, TopicArn: string): Promise<Subscription[]> {
  const all: Subscription[] = [];
  let NextToken: string | undefined;
  do {
    const page = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn, NextToken }));
    all.push(...(page.Subscriptions ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  return all;
}
