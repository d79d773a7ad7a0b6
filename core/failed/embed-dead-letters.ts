import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { EmbedMessageInvalidError, parseEmbedMessage } from "../receipts/embed-message.ts";
import type { DeadLetterKind, SentAgain } from "./dead-letters.ts";
import { describeDeadLetters } from "./describe-dead-letters.ts";
import type { FailedThing } from "./failed-source.ts";
import type { LoggedReasons } from "./logged-reasons.ts";
import type { Letter } from "./through-queue.ts";

export interface EmbedDeadLettersOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly reasons: LoggedReasons;
}

/** Embed messages with invalid input, and those that SQS moved after too many receives. */
export class EmbedDeadLetters implements DeadLetterKind {
  readonly #options: EmbedDeadLettersOptions;

  constructor(options: EmbedDeadLettersOptions) {
    this.#options = options;
  }

  describe(deadLetters: readonly Letter[]): Promise<FailedThing[]> {
    return describeDeadLetters(deadLetters, "OCR rows", this.#options.reasons);
  }

  /** Keeps the original time, so that later exports stay newer. */
  async sendAgain(deadLetter: Letter): Promise<SentAgain> {
    try {
      const { exported_at } = parseEmbedMessage(deadLetter.body);
      const { sqs, queueUrl } = this.#options;
      const { MessageId } = await sqs.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: exported_at === undefined ? withAge(deadLetter) : deadLetter.body,
          MessageAttributes: withoutFailure(deadLetter.attributes),
        }),
      );
      return { sentAs: MessageId };
    } catch (error) {
      if (error instanceof EmbedMessageInvalidError) return { stays: error.message };
      throw error;
    }
  }

  sentAs({ messageId }: Letter) {
    return [messageId];
  }
}

function withAge(deadLetter: Letter): string {
  const sentAt = Number(deadLetter.attributes.sent_timestamp?.StringValue ?? deadLetter.sentAt);
  return JSON.stringify({ ...JSON.parse(deadLetter.body), exported_at: sentAt });
}

function withoutFailure(attributes: Letter["attributes"]): Letter["attributes"] {
  const { failure_reason: _, sent_timestamp: __, ...own } = attributes;
  return own;
}
