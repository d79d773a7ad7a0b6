import { GetQueueAttributesCommand, type QueueAttributeName, type SQSClient } from "@aws-sdk/client-sqs";
import type { Collection } from "../contract/collections.ts";
import { shardName } from "../contract/collections.ts";
import type { StackOutputs } from "./target.ts";

/** The approximate message counts from SQS. */
export interface QueueDepth {
  readonly name: string;
  readonly deadLetters: boolean;
  readonly waiting: number;
  readonly inFlight: number;
}

interface StackQueue {
  readonly name: string;
  readonly url: string;
  readonly deadLetters: boolean;
}

/** Returns the number of messages in each queue of a stack. */
export function queueDepths(sqs: SQSClient, outputs: StackOutputs): Promise<QueueDepth[]> {
  return Promise.all(queuesOf(outputs).map((queue) => depthOf(sqs, queue)));
}

/** Formats the nonempty queues as `name waiting+inFlight`. */
export function depthsText(depths: readonly QueueDepth[]): string {
  const busy = depths.filter(({ waiting, inFlight }) => waiting + inFlight > 0);
  return (
    busy.map(({ name, waiting, inFlight }) => `${name} ${waiting}+${inFlight}`).join(", ") || "all empty"
  );
}

async function depthOf(sqs: SQSClient, { name, url, deadLetters }: StackQueue): Promise<QueueDepth> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
  );
  const count = (attribute: QueueAttributeName) => Number(Attributes[attribute] ?? 0);
  return {
    name,
    deadLetters,
    waiting: count("ApproximateNumberOfMessages") + count("ApproximateNumberOfMessagesDelayed"),
    inFlight: count("ApproximateNumberOfMessagesNotVisible"),
  };
}

function queuesOf(outputs: StackOutputs): readonly StackQueue[] {
  return [
    { name: "embed", url: outputs.embedQueueUrl, deadLetters: false },
    ...queuesOfShards("lines", outputs.linesQueueUrls),
    ...queuesOfShards("words", outputs.wordsQueueUrls),
    ...Object.entries(outputs.images?.queueUrls ?? {}).map(([step, url]) => ({
      name: `image-${step}`,
      url,
      deadLetters: false,
    })),
    ...(outputs.merchants
      ? [{ name: "resolve-merchant", url: outputs.merchants.queueUrl, deadLetters: false }]
      : []),
    ...(outputs.embeddingStatus
      ? [{ name: "write-embedding-status", url: outputs.embeddingStatus.queueUrl, deadLetters: false }]
      : []),
    { name: "embed-dlq", url: outputs.embedDeadLetterQueueUrl, deadLetters: true },
    ...deadLettersOfShards("lines", outputs.linesDeadLetterQueueUrls),
    ...deadLettersOfShards("words", outputs.wordsDeadLetterQueueUrls),
    { name: "fold-dlq", url: outputs.foldDeadLetterQueueUrl, deadLetters: true },
    { name: "stream-rejected", url: outputs.streamRejectedQueueUrl, deadLetters: true },
  ];
}

function queuesOfShards(collection: Collection, urls: readonly string[]): StackQueue[] {
  return urls.map((url, position) => ({
    name: shardName(collection, position, urls.length),
    url,
    deadLetters: false,
  }));
}

function deadLettersOfShards(collection: Collection, urls: readonly string[]): StackQueue[] {
  return queuesOfShards(collection, urls).map(({ name, url }) => ({
    name: `${name}-dlq`,
    url,
    deadLetters: true,
  }));
}
