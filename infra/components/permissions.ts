import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** One statement of an IAM policy. */
export interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action: readonly string[];
  readonly Resource: readonly pulumi.Input<string>[];
  readonly Condition?: Readonly<
    Record<string, Readonly<Record<string, pulumi.Input<string> | readonly string[]>>>
  >;
}

interface WithArn {
  readonly arn: pulumi.Input<string>;
}

export function allow(actions: readonly string[], resources: readonly pulumi.Input<string>[]): Statement {
  return { Effect: "Allow", Action: actions, Resource: resources };
}

/** Permissions of a program that receives messages itself; it returns failed messages by their visibility timeout. */
export function receiveFrom(...queues: readonly WithArn[]): Statement {
  return allow(
    ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
    queues.map((queue) => queue.arn),
  );
}

/** Permissions of an event source mapping and its function on a queue. */
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

/** Without s3:ListBucket, S3 answers 403 for a missing object, which hides the cause. */
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

/** The same, restricted to items whose partition key matches one of the patterns. */
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

/** Denies every call that names an item whose partition key matches one of the patterns. */
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

/** Queries on the indexes of a table. */
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
  | "ConditionCheckItem"
  | "DeleteItem"
  | "GetItem"
  | "PutItem"
  | "Query"
  | "Scan"
  | "UpdateItem";

/** Permissions of a mapping on a table's stream. ListStreams applies to all streams of the table. */
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

/** A trust policy: the service may assume the role, on behalf of this account only. */
export function assumedBy(service: string): pulumi.Output<string> {
  const { accountId } = aws.getCallerIdentityOutput();
  return trust(service, { StringEquals: { "aws:SourceAccount": accountId } });
}

/** The same for a service that sends no source account. */
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
