import * as pulumi from "@pulumi/pulumi";

/** One statement of a policy, in the words of IAM. */
export interface Statement {
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: readonly pulumi.Input<string>[];
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

/** A policy that a service may take the role, and nobody else. */
export function assumedBy(service: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: service } }],
  });
}

export function policyOf(statements: readonly Statement[]): pulumi.Output<string> {
  return pulumi.jsonStringify({ Version: "2012-10-17", Statement: statements });
}

function objects(bucket: WithArn, prefix: string): pulumi.Output<string> {
  return pulumi.interpolate`${bucket.arn}/${prefix}*`;
}
