import { randomUUID } from "node:crypto";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { documentModel } from "../documents/documents.ts";
import { ofShardKey } from "../documents/shards.ts";
import { changeMessageBody } from "../entities/change-message.ts";
import { jsonOf } from "../text/json-of.ts";
import type { DeadLetterKind, SentAgain } from "./dead-letters.ts";
import type { FailedThing } from "./failed-source.ts";
import { subjectOfChange, unknownSubject } from "./subjects.ts";
import type { Letter } from "./through-queue.ts";

/** The attribute with compaction's failure reason; it is not part of the original message. */
const reasonAttribute = "failure_reason";

export interface ChangeDeadLettersOptions {
  readonly sqs: SQSClient;
  /** Queues of the collection, in shard order. */
  readonly queueUrls: readonly string[];
  readonly compactionLogGroup: string;
}

/** Change messages that compaction moved to the dead-letter queue, or that SQS moved there after too many receives. */
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
          `The message exceeded its receives and has no reason; see the log group ${this.#options.compactionLogGroup}.`,
      };
    });
  }

  /** Uses a new deduplication id, because SQS would drop the message as a duplicate of the failed one. */
  async sendAgain(deadLetter: Letter): Promise<SentAgain> {
    const change = documentModel.readMessage(deadLetter.body);
    if (typeof change === "string") return { stays: `It is not a change message: ${change}.` };
    const { [reasonAttribute]: _, ...MessageAttributes } = deadLetter.attributes;
    const { sqs, queueUrls } = this.#options;
    const { MessageId } = await sqs.send(
      new SendMessageCommand({
        QueueUrl: ofShardKey(queueUrls, documentModel.shardKeyOf(change.document)),
        MessageBody: deadLetter.body,
        MessageAttributes,
        MessageGroupId: deadLetter.groupId,
        MessageDeduplicationId: randomUUID(),
      }),
    );
    return { sentAs: MessageId };
  }

  /** Compaction uses the original message id as the deduplication id in the dead-letter queue. */
  sentAs({ messageId, deduplicationId }: Letter) {
    return [messageId, deduplicationId];
  }
}
