import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";

export interface Held {
  readonly id: string;
  readonly body: string;
  readonly attributes: Record<string, MessageAttributeValue>;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  hidden: boolean;
}

/** When every message was sent. */
export const sentAt = 1_790_000_000_000;

/** Queues in memory, as far as dead letters need them: what is received is hidden until it is given back. */
export class DeadLetterSources {
  readonly queues = new Map<string, Held[]>();
  /** Calls by name, in order. */
  readonly calls: string[] = [];
  /** Makes every call of that name fail from then on. */
  failing: string | undefined;
  #last = 0;

  get client(): SQSClient {
    return { send: async (command: object) => this.#answer(command) } as unknown as SQSClient;
  }

  in(url: string): Held[] {
    const held = this.queues.get(url) ?? [];
    this.queues.set(url, held);
    return held;
  }

  put(url: string, message: Partial<Omit<Held, "id" | "hidden">>): string {
    this.#last += 1;
    const id = `m-${this.#last}`;
    const { body = "{}", attributes = {}, groupId, deduplicationId } = message;
    this.in(url).push({ id, body, attributes, groupId, deduplicationId, hidden: false });
    return id;
  }

  #answer(command: object): object {
    const name = command.constructor.name.replace("Command", "");
    this.calls.push(name);
    if (name === this.failing) throw new Error(`${name} is refused`);
    if (command instanceof SendMessageCommand) {
      const { QueueUrl = "", MessageBody, MessageAttributes, ...rest } = command.input;
      const MessageId = this.put(QueueUrl, {
        body: MessageBody ?? "",
        attributes: MessageAttributes ?? {},
        groupId: rest.MessageGroupId,
        deduplicationId: rest.MessageDeduplicationId,
      });
      return { MessageId };
    }
    if (command instanceof ReceiveMessageCommand) return { Messages: this.#receive(command) };
    if (command instanceof GetQueueAttributesCommand) {
      return {
        Attributes: { ApproximateNumberOfMessages: String(this.in(command.input.QueueUrl ?? "").length) },
      };
    }
    if (command instanceof DeleteMessageBatchCommand) {
      const gone = new Set(command.input.Entries?.map(({ ReceiptHandle }) => ReceiptHandle));
      const url = command.input.QueueUrl ?? "";
      this.queues.set(
        url,
        this.in(url).filter(({ id }) => !gone.has(id)),
      );
      return {};
    }
    if (command instanceof ChangeMessageVisibilityBatchCommand) {
      const back = new Set(command.input.Entries?.map(({ ReceiptHandle }) => ReceiptHandle));
      for (const held of this.in(command.input.QueueUrl ?? "")) if (back.has(held.id)) held.hidden = false;
      return {};
    }
    throw new Error(`These queues know no ${name}.`);
  }

  #receive({ input }: ReceiveMessageCommand): Message[] {
    const free = this.in(input.QueueUrl ?? "").filter(({ hidden }) => !hidden);
    return free.slice(0, input.MaxNumberOfMessages).map((held) => {
      held.hidden = true;
      return {
        MessageId: held.id,
        ReceiptHandle: held.id,
        Body: held.body,
        MessageAttributes: held.attributes,
        Attributes: {
          SentTimestamp: String(sentAt),
          ...(held.groupId && { MessageGroupId: held.groupId }),
          ...(held.deduplicationId && { MessageDeduplicationId: held.deduplicationId }),
        },
      };
    });
  }
}
