import { randomUUID } from "node:crypto";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { changeMessageBody } from "../entities/change-message.ts";
import { problems } from "../receipts/problems.ts";
import { ofImage } from "../receipts/shards.ts";
import type { LetterKind, SentAgain } from "./dead-letters.ts";
import type { FailedThing } from "./failed-source.ts";
import { jsonOf } from "./json-of.ts";
import { subjectOfChange, unknownSubject } from "./subjects.ts";
import type { Letter } from "./through-queue.ts";

/** The attribute in which compaction says why it gave a message up; it is no part of the message. */
const reasonAttribute = "failure_reason";

export interface ChangeLettersOptions {
  readonly sqs: SQSClient;
  /** Of the collection, in shard order. */
  readonly queueUrls: readonly string[];
  readonly compactionLogGroup: string;
}

/** Change messages that compaction gave up, or that came back again and again. */
export class ChangeLetters implements LetterKind {
  readonly #options: ChangeLettersOptions;

  constructor(options: ChangeLettersOptions) {
    this.#options = options;
  }

  async describe(letters: readonly Letter[]): Promise<FailedThing[]> {
    return letters.map((letter) => {
      const body = changeMessageBody.safeParse(jsonOf(letter.body));
      return {
        id: letter.messageId,
        since: new Date(letter.sentAt).toISOString(),
        ...(body.success ? subjectOfChange(body.data) : unknownSubject),
        reason:
          letter.attributes[reasonAttribute]?.StringValue ??
          `It was received too often and says no reason; see the log ${this.#options.compactionLogGroup}.`,
      };
    });
  }

  /** With an id of its own: SQS would drop it as a repetition of the message that failed. */
  async sendAgain(letter: Letter): Promise<SentAgain> {
    const body = changeMessageBody.safeParse(jsonOf(letter.body));
    if (!body.success) return { stays: `It is no change message: ${problems(body.error).join("; ")}.` };
    const { [reasonAttribute]: _, ...MessageAttributes } = letter.attributes;
    const { sqs, queueUrls } = this.#options;
    const { MessageId } = await sqs.send(
      new SendMessageCommand({
        QueueUrl: ofImage(queueUrls, body.data.entity_data.image_id),
        MessageBody: letter.body,
        MessageAttributes,
        MessageGroupId: letter.groupId,
        MessageDeduplicationId: randomUUID(),
      }),
    );
    return { sentAs: MessageId };
  }

  /** Compaction moves a message under its former id as the new deduplication id. */
  sentAs({ messageId, deduplicationId }: Letter) {
    return [messageId, deduplicationId];
  }
}
