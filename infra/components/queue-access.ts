import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** A rule of EventBridge that sends to a queue. */
export interface Sender {
  readonly arn: pulumi.Input<string>;
}

/** Denies access to the queue without TLS and by principals of other accounts, and lets rules of EventBridge send. */
export function restrictAccess(
  name: string,
  queue: aws.sqs.Queue,
  parent: pulumi.Resource,
  senders: readonly Sender[] = [],
): void {
  const { accountId } = aws.getCallerIdentityOutput({}, { parent });
  const deny = (Sid: string, Condition: object) => ({
    Sid,
    Effect: "Deny",
    Principal: "*",
    Action: "sqs:*",
    Resource: queue.arn,
    Condition,
  });
  new aws.sqs.QueuePolicy(
    name,
    {
      queueUrl: queue.url,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          deny("OnlyOverTls", { Bool: { "aws:SecureTransport": "false" } }),
          deny("OnlyOwnAccount", {
            StringNotEquals: { "aws:PrincipalAccount": accountId },
            // AWS services have no account; an Allow statement limits them.
            Bool: { "aws:PrincipalIsAWSService": "false" },
          }),
          ...(senders.length > 0 ? [letSend(queue, senders)] : []),
        ],
      }),
    },
    { parent },
  );
}

function letSend(queue: aws.sqs.Queue, senders: readonly Sender[]): object {
  return {
    Sid: "OnlyTheseRules",
    Effect: "Allow",
    Principal: { Service: "events.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: queue.arn,
    Condition: { ArnEquals: { "aws:SourceArn": senders.map(({ arn }) => arn) } },
  };
}
