import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { jsonOf } from "../text/json-of.ts";
import type { DeadLetterKind, SentAgain } from "./dead-letters.ts";
import type { FailedThing } from "./failed-source.ts";
import type { LoggedReasons } from "./logged-reasons.ts";
import { idsIn } from "./subject-ids.ts";
import type { Letter } from "./through-queue.ts";

export interface FunctionDeadLettersOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  /** What a message is about, for people to read. */
  readonly entity: string;
  readonly reasons: Pick<LoggedReasons, "of">;
}

/** Messages of a queue whose function failed, with the reason that it gave. */
export class FunctionDeadLetters implements DeadLetterKind {
  readonly #options: FunctionDeadLettersOptions;

  constructor(options: FunctionDeadLettersOptions) {
    this.#options = options;
  }

  async describe(deadLetters: readonly Letter[]): Promise<FailedThing[]> {
    const reasons = await this.#options.reasons.of(deadLetters);
    return deadLetters.map((deadLetter) => ({
      id: deadLetter.messageId,
      since: new Date(deadLetter.sentAt).toISOString(),
      ...idsIn(jsonOf(deadLetter.body)),
      entity: this.#options.entity,
      reason:
        deadLetter.attributes.failure_reason?.StringValue ?? reasons(deadLetter) ?? "No reason is recorded.",
    }));
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
