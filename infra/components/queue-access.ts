import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** Whatever else allows it, nobody reaches the queue without TLS, and no principal of another account reaches it at all. */
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
            // A service acts under no account. What it may do, an Allow has to say.
            Bool: { "aws:PrincipalIsAWSService": "false" },
          }),
        ],
      }),
    },
    { parent },
  );
}
