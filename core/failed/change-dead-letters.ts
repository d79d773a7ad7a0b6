import { randomUUID } from "node:crypto";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { changeMessageBody } from "../entities/change-message.ts";
import { problems } from "../receipts/problems.ts";
import { ofImage } from "../receipts/shards.ts";
import type { DeadLetterKind, SentAgain } from "./dead-letters.ts";
import type { FailedThing } from "./failed-source.ts";
import { jsonOf } from "./json-of.ts";
import { subjectOfChange, unknownSubject } from "./subjects.ts";
import type { Letter } from "./through-queue.ts";

/** The attribute in which compaction says why it gave a message up; it is no part of the message. */
const reasonAttribute = "failure_reason";

export interface ChangeDeadLettersOptions {
  readonly sqs: SQSClient;
  /** Of the collection, in shard order. */
  readonly queueUrls: readonly string[];
  readonly compactionLogGroup: string;
}

/** Change messages that compaction gave up, or that came back again and again. */
export class ChangeDeadLetters implements DeadLetterKind {
  readonly #options: ChangeDeadLettersOptions;

  constructor(options: ChangeDeadLettersOptions) {
    this.#options = options;
  }

  async describe(deadLetters: readonly Letter[]): Promise<FailedThing[]> {
    return deadLetters.map((deadLetter) => {
      const body = changeMessageBody.safeParse(jsonOf(deadLetter.body));
      return {
        id: deadLetter.messageId,
        since: new Date(deadLetter.sentAt).toISOString(),
        ...(body.success ? subjectOfChange(body.data) : unknownSubject),
        reason:
          deadLetter.attributes[reasonAttribute]?.StringValue ??
          `It was received too often and says no reason; see the log ${this.#options.compactionLogGroup}.`,
      };
    });
  }

  /** With an id of its own: SQS would drop it as a repetition of the message that failed. */
  async sendAgain(deadLetter: Letter): Promise<SentAgain> {
    const body = changeMessageBody.safeParse(jsonOf(deadLetter.body));
    if (!body.success) return { stays: `It is no change message: ${problems(body.error).join("; ")}.` };
    const { [reasonAttribute]: _, ...MessageAttributes } = deadLetter.attributes;
    const { sqs, queueUrls } = this.#options;
    const { MessageId } = await sqs.send(
      new SendMessageCommand({
        QueueUrl: ofImage(queueUrls, body.data.entity_data.image_id),
        MessageBody: deadLetter.body,
        MessageAttributes,
        MessageGroupId: deadLetter.groupId,
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
