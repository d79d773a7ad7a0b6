import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** One statement of a policy, in the words of IAM. */
export interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action: readonly string[];
  readonly Resource: readonly pulumi.Input<string>[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

interface WithArn {
  readonly arn: pulumi.Input<string>;
}

export function allow(actions: readonly string[], resources: readonly pulumi.Input<string>[]): Statement {
  return { Effect: "Allow", Action: actions, Resource: resources };
}

/** What a program needs that receives by itself; failed messages are handed back by visibility. */
export function receiveFrom(...queues: readonly WithArn[]): Statement {
  return allow(
    ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
    queues.map((queue) => queue.arn),
  );
}

/** What an event source mapping and its function need of a queue. */
export function consume(...queues: readonly WithArn[]): Statement {
  const { Action, Resource } = receiveFrom(...queues);
  return allow([...Action, "sqs:GetQueueAttributes"], Resource);
}

export function sendTo(...queues: readonly WithArn[]): Statement {
  return allow(
    ["sqs:SendMessage"],
    queues.map((queue) => queue.arn),
  );
}

/** Without s3:ListBucket a missing object answers 403, which hides what happened. */
export function list(bucket: WithArn): Statement {
  return allow(["s3:ListBucket"], [bucket.arn]);
}

export function readObjects(bucket: WithArn, prefix: string): Statement {
  return allow(["s3:GetObject"], [objects(bucket, prefix)]);
}

export function putObjects(bucket: WithArn, prefix: string): Statement {
  return allow(["s3:PutObject"], [objects(bucket, prefix)]);
}

export function deleteObjects(bucket: WithArn, prefix: string): Statement {
  return allow(["s3:DeleteObject"], [objects(bucket, prefix)]);
}

export function items(table: WithArn, actions: readonly ItemAction[]): Statement {
  return allow(
    actions.map((action) => `dynamodb:${action}`),
    [table.arn],
  );
}

/** The same, of items whose partition keys all match one of the patterns. */
export function itemsOf(
  table: WithArn,
  actions: readonly ItemAction[],
  partitionKeys: readonly string[],
): Statement {
  return {
    ...items(table, actions),
    Condition: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": partitionKeys } },
  };
}

/** No call that names an item whose partition key matches one of the patterns, whatever else is allowed. */
export function denyItemsOf(
  table: WithArn,
  actions: readonly ItemAction[],
  partitionKeys: readonly string[],
): Statement {
  return {
    ...items(table, actions),
    Effect: "Deny",
    Condition: { "ForAnyValue:StringLike": { "dynamodb:LeadingKeys": partitionKeys } },
  };
}

/** Queries of the indexes of a table. */
export function queryIndexes(table: WithArn): Statement {
  return allow(["dynamodb:Query"], [pulumi.interpolate`${table.arn}/index/*`]);
}

export function invoke(...functions: readonly WithArn[]): Statement {
  return allow(
    ["lambda:InvokeFunction"],
    functions.map((target) => target.arn),
  );
}

export type ItemAction =
  | "BatchGetItem"
  | "DeleteItem"
  | "GetItem"
  | "PutItem"
  | "Query"
  | "Scan"
  | "UpdateItem";

/** What a mapping on a table's stream needs. ListStreams is asked of all streams of the table. */
export function readStream(table: WithArn & { readonly streamArn: pulumi.Input<string> }): Statement[] {
  return [
    allow(["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], [table.streamArn]),
    allow(["dynamodb:ListStreams"], [pulumi.interpolate`${table.arn}/stream/*`]),
  ];
}

export function readSecrets(...secrets: readonly WithArn[]): Statement {
  return allow(
    ["secretsmanager:GetSecretValue"],
    secrets.map((secret) => secret.arn),
  );
}

/** A policy that a service may take the role on behalf of this account, and nobody else. */
export function assumedBy(service: string): pulumi.Output<string> {
  const { accountId } = aws.getCallerIdentityOutput();
  return trust(service, { StringEquals: { "aws:SourceAccount": accountId } });
}

/** The same where the service names no account. */
export function assumedByWithoutSource(service: string): pulumi.Output<string> {
  return trust(service);
}

function trust(service: string, Condition?: object): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: "sts:AssumeRole",
        Principal: { Service: service },
        ...(Condition && { Condition }),
      },
    ],
  });
}

export function policyOf(statements: readonly Statement[]): pulumi.Output<string> {
  return pulumi.jsonStringify({ Version: "2012-10-17", Statement: statements });
}

function objects(bucket: WithArn, prefix: string): pulumi.Output<string> {
  return pulumi.interpolate`${bucket.arn}/${prefix}*`;
}
