import { CreateQueueCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { z } from "zod";
import { accountId, region } from "../../protocol/account.ts";
import { parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Properties } from "../properties.ts";
import type { Creators } from "../resource.ts";

/** Inputs of aws.sqs.Queue and the attributes of `CreateQueue` that they set. */
const attributes: Readonly<Record<string, string>> = {
  contentBasedDeduplication: "ContentBasedDeduplication",
  deduplicationScope: "DeduplicationScope",
  delaySeconds: "DelaySeconds",
  fifoQueue: "FifoQueue",
  fifoThroughputLimit: "FifoThroughputLimit",
  maxMessageSize: "MaximumMessageSize",
  messageRetentionSeconds: "MessageRetentionPeriod",
  receiveWaitTimeSeconds: "ReceiveMessageWaitTimeSeconds",
  redrivePolicy: "RedrivePolicy",
  sqsManagedSseEnabled: "SqsManagedSseEnabled",
  visibilityTimeoutSeconds: "VisibilityTimeout",
};
const otherInputs = new Set(["name", "tags"]);

const queuePolicy = z.object({ queueUrl: z.string(), policy: z.string() });
const redriveAllowPolicy = z.object({ queueUrl: z.string(), redriveAllowPolicy: z.string() });

export const sqsCreators: Creators = {
  async "aws:sqs/queue:Queue"({ name, inputs }, { sqs }) {
    const queueName = physicalName(inputs.name, name);
    const { QueueUrl = "" } = await sqs.send(
      new CreateQueueCommand({ QueueName: queueName, Attributes: queueAttributes(inputs) }),
    );
    const arn = `arn:aws:sqs:${region}:${accountId}:${queueName}`;
    return { id: QueueUrl, outputs: { arn, name: queueName, url: QueueUrl } };
  },

  /** The calls of AWS's own services are judged by it; those of roles by their own policies. */
  async "aws:sqs/queuePolicy:QueuePolicy"({ inputs }, { sqs }) {
    const { queueUrl, policy } = parseInputs(queuePolicy, inputs);
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { Policy: policy } }));
    return { id: queueUrl };
  },

  async "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"({ inputs }, { sqs }) {
    const { queueUrl, redriveAllowPolicy: policy } = parseInputs(redriveAllowPolicy, inputs);
    await sqs.send(
      new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { RedriveAllowPolicy: policy } }),
    );
    return { id: queueUrl };
  },
};

function queueAttributes(inputs: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs)
      .filter(([input]) => !otherInputs.has(input))
      .map(([input, value]) => {
        const attribute = attributes[input];
        if (attribute === undefined) throw new Error(`the local SQS has no ${input}`);
        return [attribute, String(value)];
      }),
  );
}
