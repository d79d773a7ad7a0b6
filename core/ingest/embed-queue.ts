import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { ConsumedQueue } from "../queues/consumed-queue.ts";
import type { EmbedMessage } from "../receipts/embed-message.ts";

/** A message with a delivery delay. */
export interface LaterMessage {
  readonly message: EmbedMessage;
  /** At most 900. */
  readonly delaySeconds: number;
}

/** The embed queue, as its consumer uses it. */
export class EmbedQueue extends ConsumedQueue {
  /** Sends up to ten messages. Resolves to the reasons of those that the queue did not accept, by position. */
  async sendLater(messages: readonly LaterMessage[]): Promise<ReadonlyMap<number, string>> {
    const { Failed = [] } = await this.client.send(
      new SendMessageBatchCommand({
        QueueUrl: this.url,
        Entries: messages.map(({ message, delaySeconds }, index) => ({
          Id: String(index),
          MessageBody: JSON.stringify(message),
          DelaySeconds: delaySeconds,
        })),
      }),
    );
    return new Map(
      Failed.map(({ Id, Code, Message }) => [Number(Id), `${Code}: ${Message ?? "no reason given"}`]),
    );
  }
}
