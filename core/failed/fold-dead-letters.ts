import { randomUUID } from "node:crypto";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import * as z from "zod";
import { jsonOf } from "../text/json-of.ts";
import type { DeadLetterKind, SentAgain } from "./dead-letters.ts";
import type { FailedThing } from "./failed-source.ts";
import { unknownSubject } from "./subjects.ts";
import type { Letter } from "./through-queue.ts";

const request = z.object({ shard: z.string(), reason: z.string() });

export interface FoldDeadLettersOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly foldLogGroup: string;
}

/** Requests to fold a shard that failed in every receive. */
export class FoldDeadLetters implements DeadLetterKind {
  readonly #options: FoldDeadLettersOptions;

  constructor(options: FoldDeadLettersOptions) {
    this.#options = options;
  }

  async describe(deadLetters: readonly Letter[]): Promise<FailedThing[]> {
    return deadLetters.map((deadLetter) => {
      const { data } = request.safeParse(jsonOf(deadLetter.body));
      return {
        id: deadLetter.messageId,
        since: new Date(deadLetter.sentAt).toISOString(),
        ...unknownSubject,
        ...(data && { entity: `FOLD ${data.shard} ${data.reason}` }),
        reason: `The fold failed at each of its receives; see the log group ${this.#options.foldLogGroup}.`,
      };
    });
  }

  /** Uses a new deduplication id, because SQS would drop the message as a duplicate of the failed one. */
  async sendAgain(deadLetter: Letter): Promise<SentAgain> {
    const { sqs, queueUrl } = this.#options;
    const { MessageId } = await sqs.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: deadLetter.body,
        MessageGroupId: deadLetter.groupId,
        MessageDeduplicationId: randomUUID(),
      }),
    );
    return { sentAs: MessageId };
  }

  sentAs({ messageId }: Letter) {
    return [messageId];
  }
}
