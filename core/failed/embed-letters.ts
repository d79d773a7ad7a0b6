import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { z } from "zod";
import { EmbedMessageInvalid, parseEmbedMessage } from "../receipts/embed-message.ts";
import type { LetterKind, SentAgain } from "./dead-letters.ts";
import type { FailedThing } from "./failed-source.ts";
import { jsonOf } from "./json-of.ts";
import type { LoggedReasons } from "./logged-reasons.ts";
import type { Letter } from "./through-queue.ts";

const subject = z
  .object({
    image_id: z.string().nullable().catch(null),
    receipt_id: z.number().nullable().catch(null),
  })
  .catch({ image_id: null, receipt_id: null });

export interface EmbedLettersOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly reasons: LoggedReasons;
}

/** Embed messages that failed for their input, with the reason, or that SQS moved: of those the log of embed says it. */
export class EmbedLetters implements LetterKind {
  readonly #options: EmbedLettersOptions;

  constructor(options: EmbedLettersOptions) {
    this.#options = options;
  }

  async describe(letters: readonly Letter[]): Promise<FailedThing[]> {
    const reasons = await this.#options.reasons.of(letters);
    return letters.map((letter) => ({
      id: letter.messageId,
      since: new Date(letter.sentAt).toISOString(),
      ...subject.parse(jsonOf(letter.body)),
      entity: "OCR rows",
      reason: attributeOf(letter, "failure_reason") ?? reasons(letter),
    }));
  }

  /** As old as it was: what was exported since must stay the newer content. */
  async sendAgain(letter: Letter): Promise<SentAgain> {
    try {
      const { exported_at } = parseEmbedMessage(letter.body);
      const { sqs, queueUrl } = this.#options;
      const { MessageId } = await sqs.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: exported_at === undefined ? withAge(letter) : letter.body,
          MessageAttributes: withoutFailure(letter.attributes),
        }),
      );
      return { sentAs: MessageId };
    } catch (error) {
      if (error instanceof EmbedMessageInvalid) return { stays: error.message };
      throw error;
    }
  }

  sentAs({ messageId }: Letter) {
    return [messageId];
  }
}

function withAge(letter: Letter): string {
  const sentAt = Number(attributeOf(letter, "sent_timestamp") ?? letter.sentAt);
  return JSON.stringify({ ...JSON.parse(letter.body), exported_at: sentAt });
}

function attributeOf({ attributes }: Letter, name: string): string | undefined {
  return attributes?.[name]?.StringValue;
}

function withoutFailure(attributes: Letter["attributes"]): Letter["attributes"] {
  const { failure_reason: _, sent_timestamp: __, ...own } = attributes ?? {};
  return own;
}
