import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** Denies access to the queue without TLS and by principals of other accounts. */
export function restrictAccess(name: string, queue: aws.sqs.Queue, parent: pulumi.Resource): void {
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
        ],
      }),
    },
    { parent },
  );
}
