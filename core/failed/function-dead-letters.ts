import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { DeadLetterKind, SentAgain } from "./dead-letters.ts";
import { describeDeadLetters } from "./describe-dead-letters.ts";
import type { FailedThing } from "./failed-source.ts";
import type { LoggedReasons } from "./logged-reasons.ts";
import type { Letter } from "./through-queue.ts";

export interface FunctionDeadLettersOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  /** The subject of the messages, as text for people. */
  readonly entity: string;
  readonly reasons: Pick<LoggedReasons, "of">;
}

/** Messages of a queue whose function failed, with the function's reason. */
export class FunctionDeadLetters implements DeadLetterKind {
  readonly #options: FunctionDeadLettersOptions;

  constructor(options: FunctionDeadLettersOptions) {
    this.#options = options;
  }

  describe(deadLetters: readonly Letter[]): Promise<FailedThing[]> {
    const { entity, reasons } = this.#options;
    return describeDeadLetters(deadLetters, entity, reasons);
  }

  async sendAgain({ body }: Letter): Promise<SentAgain> {
    const { sqs, queueUrl: QueueUrl } = this.#options;
    const { MessageId } = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    return { sentAs: MessageId };
  }

  sentAs({ messageId }: Letter) {
    return [messageId];
  }
}
