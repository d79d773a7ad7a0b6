import { DeleteMessageCommand, type Message, SendMessageCommand } from "@aws-sdk/client-sqs";
import type { Collection } from "../../contract/collections.ts";
import { receive } from "./mapping.ts";
import type { Random } from "./seeds.ts";
import type { Stack } from "./stack.ts";

/** What a queue held, in its hands: takes all messages out of a queue and sends them as it likes. */
export class Postman {
  readonly #stack: Stack;
  readonly #collection: Collection;
  readonly #random: Random;
  #kept: Message[] = [];
  #sent = 0;

  constructor(stack: Stack, collection: Collection, random: Random) {
    this.#stack = stack;
    this.#collection = collection;
    this.#random = random;
  }

  /** Takes what waits; sends some of all that it has, in any order, and some of that twice. The rest is late. */
  async mixUp(): Promise<void> {
    await this.#takeAll();
    const now = this.#random.some(this.#kept, Math.ceil(this.#kept.length / 2));
    this.#kept = this.#kept.filter((message) => !now.includes(message) || this.#random.below(4) === 0);
    for (const message of now) await this.#send(message);
  }

  /** Sends all that it still has, in any order. */
  async deliverAll(): Promise<void> {
    await this.#takeAll();
    for (const message of this.#random.some(this.#kept, this.#kept.length)) await this.#send(message);
    this.#kept = [];
  }

  async #takeAll(): Promise<void> {
    const { sqs, queueUrls } = this.#stack;
    const QueueUrl = queueUrls[this.#collection];
    for (;;) {
      const messages = await receive(this.#stack, this.#collection);
      if (messages.length === 0) return;
      for (const { ReceiptHandle } of messages) {
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      this.#kept.push(...messages);
    }
  }

  /** As another message: queues drop the same one for five minutes. */
  async #send({ Body, Attributes, MessageAttributes }: Message): Promise<void> {
    this.#sent += 1;
    await this.#stack.sqs.send(
      new SendMessageCommand({
        QueueUrl: this.#stack.queueUrls[this.#collection],
        MessageBody: Body,
        MessageAttributes,
        MessageGroupId: Attributes?.MessageGroupId,
        MessageDeduplicationId: `${Attributes?.MessageDeduplicationId}-${this.#sent}`,
      }),
    );
  }
}
