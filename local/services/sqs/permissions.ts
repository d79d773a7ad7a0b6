import { accountId, region } from "../../protocol/account.ts";
import { AwsError, type Permission } from "../../protocol/service.ts";

/** Batch calls need the permission of their single form; IAM has no action of their own. */
const permissionOf: Record<string, string> = {
  CreateQueue: "CreateQueue",
  DeleteQueue: "DeleteQueue",
  GetQueueUrl: "GetQueueUrl",
  GetQueueAttributes: "GetQueueAttributes",
  SetQueueAttributes: "SetQueueAttributes",
  PurgeQueue: "PurgeQueue",
  ListDeadLetterSourceQueues: "ListDeadLetterSourceQueues",
  SendMessage: "SendMessage",
  SendMessageBatch: "SendMessage",
  ReceiveMessage: "ReceiveMessage",
  DeleteMessage: "DeleteMessage",
  DeleteMessageBatch: "DeleteMessage",
  ChangeMessageVisibility: "ChangeMessageVisibility",
  ChangeMessageVisibilityBatch: "ChangeMessageVisibility",
  TagQueue: "TagQueue",
  UntagQueue: "UntagQueue",
  ListQueueTags: "ListQueueTags",
};

/** Throws AwsError for an action that the local SQS does not have. */
export function sqsPermissions(action: string, input: Record<string, unknown>): Permission[] {
  if (action === "ListQueues") return [{ action: "sqs:ListQueues", resource: "*" }];
  const permission = permissionOf[action];
  if (permission === undefined) {
    throw new AwsError(400, "InvalidAction", `The local SQS does not have the action "${action}".`);
  }
  const name =
    String(input.QueueName ?? input.QueueUrl ?? "")
      .split("/")
      .at(-1) ?? "";
  return [{ action: `sqs:${permission}`, resource: queueArn(name) }];
}

export function queueArn(name: string): string {
  return `arn:aws:sqs:${region}:${accountId}:${name}`;
}
