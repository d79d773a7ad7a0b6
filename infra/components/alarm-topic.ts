import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface AlarmTopicArgs {
  /** The email address that receives alarms, after its confirmation. @default nobody */
  readonly email: string | undefined;
}

/**
 * The topic that alarms notify. It has its own KMS key (1 USD per month) because CloudWatch cannot publish to a topic under
 * the AWS managed key of SNS. Only alarms of this account may publish to it.
 */
export class AlarmTopic extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, { email }: AlarmTopicArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:AlarmTopic", name, {}, options);
    const inside = { parent: this };
    const { accountId } = aws.getCallerIdentityOutput({}, inside);
    const { partition } = aws.getPartitionOutput({}, inside);
    const key = new aws.kms.Key(
      name,
      {
        description: "Encrypts notifications of alarms",
        enableKeyRotation: true,
        deletionWindowInDays: 7,
        policy: keyPolicy(pulumi.interpolate`arn:${partition}:iam::${accountId}:root`, accountId),
      },
      inside,
    );
    const topic = new aws.sns.Topic(name, { kmsMasterKeyId: key.arn }, inside);
    this.arn = topic.arn;
    new aws.sns.TopicPolicy(name, { arn: topic.arn, policy: topicPolicy(topic.arn, accountId) }, inside);
    if (email !== undefined) {
      new aws.sns.TopicSubscription(name, { topic: topic.arn, protocol: "email", endpoint: email }, inside);
    }
    this.registerOutputs();
  }
}

const alarms = { Service: "cloudwatch.amazonaws.com" };

function ofAccount(accountId: pulumi.Output<string>) {
  return { StringEquals: { "aws:SourceAccount": accountId } };
}

function keyPolicy(administrator: pulumi.Output<string>, accountId: pulumi.Output<string>) {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { AWS: administrator }, Action: "kms:*", Resource: "*" },
      {
        Effect: "Allow",
        Principal: alarms,
        Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
        Resource: "*",
        Condition: ofAccount(accountId),
      },
    ],
  });
}

function topicPolicy(arn: pulumi.Output<string>, accountId: pulumi.Output<string>) {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: alarms,
        Action: "sns:Publish",
        Resource: arn,
        Condition: ofAccount(accountId),
      },
      {
        Effect: "Deny",
        Principal: "*",
        Action: "sns:Publish",
        Resource: arn,
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });
}
