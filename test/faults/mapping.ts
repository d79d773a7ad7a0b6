import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { Collection } from "../../contract/collections.ts";
import { queueRecord } from "../../local/mappings/sqs-event.ts";
import type { CycleProcess } from "./process/cycle-process.ts";
import type { Stack } from "./stack.ts";

export type PolledQueue = Collection | "fold";

/** The time limit of an invocation. */
const milliseconds = 60_000;

/** Up to ten messages of the queue, as a mapping receives them. */
export async function receive(stack: Stack, collection: PolledQueue, most = 10): Promise<Message[]> {
  const { Messages = [] } = await stack.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: stack.queueUrls[collection],
      MaxNumberOfMessages: most,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    }),
  );
  return Messages;
}

/**
 * Invokes the process with these messages and deletes those that it does not name, as a mapping does. Rejects with what
 * the invocation failed with; then none is deleted.
 */
export async function deliver(
  stack: Stack,
  collection: PolledQueue,
  process: CycleProcess,
  messages: readonly Message[],
  limitMs = milliseconds,
): Promise<void> {
  const QueueUrl = stack.queueUrls[collection];
  const arn = `arn:aws:sqs:us-east-1:000000000000:${QueueUrl.split("/").at(-1)}`;
  const event = { Records: messages.map((message) => queueRecord(message, arn)) };
  const failed = await process.invoke(event, limitMs);
  const Entries = messages
    .filter(({ MessageId = "" }) => !failed.includes(MessageId))
    .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  if (Entries.length > 0) await stack.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
}

/** Receives and delivers. False where there was nothing to receive. */
export async function poll(stack: Stack, collection: PolledQueue, process: CycleProcess): Promise<boolean> {
  const messages = await receive(stack, collection, collection === "fold" ? 1 : 10);
  if (messages.length > 0) await deliver(stack, collection, process, messages);
  return messages.length > 0;
}
