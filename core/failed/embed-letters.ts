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

/** Embed messages that SQS moved after their last receive. Why they failed only the log of embed says. */
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
      reason: reasons(letter),
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
          MessageAttributes: letter.attributes,
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

function withAge({ body, sentAt }: Letter): string {
  return JSON.stringify({ ...JSON.parse(body), exported_at: sentAt });
}
