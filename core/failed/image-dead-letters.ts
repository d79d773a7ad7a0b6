import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import * as z from "zod";
import { jsonOf } from "../text/json-of.ts";
import type { DeadLetterKind, SentAgain } from "./dead-letters.ts";
import type { FailedThing } from "./failed-source.ts";
import type { LoggedReasons } from "./logged-reasons.ts";
import { idsIn } from "./subject-ids.ts";
import type { Letter } from "./through-queue.ts";

const event = z.object({
  "detail-type": z.string(),
  detail: z.object({
    item_id: z.string().optional(),
    original_key: z.string().optional(),
    object: z.object({ key: z.string() }).optional(),
  }),
});

/** The queue of each kind of event. */
export interface ImageQueueUrls {
  readonly uploads: string;
  readonly analysis: string;
  readonly embedding: string;
}

export interface ImageDeadLettersOptions {
  readonly sqs: SQSClient;
  readonly queueUrls: ImageQueueUrls;
  /** Undefined for events that did not reach a function. */
  readonly reasons: LoggedReasons | undefined;
}

/** Failed messages of the image flow, with their function's reason, and events that could not be delivered. */
export class ImageDeadLetters implements DeadLetterKind {
  readonly #options: ImageDeadLettersOptions;

  constructor(options: ImageDeadLettersOptions) {
    this.#options = options;
  }

  async describe(deadLetters: readonly Letter[]): Promise<FailedThing[]> {
    const reasons = await this.#options.reasons?.of(deadLetters);
    return deadLetters.map((deadLetter) => ({
      id: deadLetter.messageId,
      since: new Date(deadLetter.sentAt).toISOString(),
      ...idsIn({ image_id: subjectOf(deadLetter) }),
      entity: typeOf(deadLetter) ?? "image",
      reason:
        attributeOf(deadLetter, "failure_reason") ??
        undelivered(deadLetter) ??
        reasons?.(deadLetter) ??
        "No reason is recorded.",
    }));
  }

  async sendAgain(deadLetter: Letter): Promise<SentAgain> {
    const QueueUrl = this.#queueOf(deadLetter);
    if (QueueUrl === undefined) return { stays: "The message is not an event of the image flow." };
    const { MessageId } = await this.#options.sqs.send(
      new SendMessageCommand({ QueueUrl, MessageBody: deadLetter.body }),
    );
    return { sentAs: MessageId };
  }

  sentAs({ messageId }: Letter) {
    return [messageId];
  }

  #queueOf(deadLetter: Letter): string | undefined {
    const { uploads, analysis, embedding } = this.#options.queueUrls;
    const type = typeOf(deadLetter);
    if (type === "ImageProcessed") return analysis;
    if (type === "AnalysisComplete") return embedding;
    return type === "Object Created" || type === "Object Deleted" ? uploads : undefined;
  }
}

function typeOf({ body }: Letter): string | undefined {
  return event.safeParse(jsonOf(body)).data?.["detail-type"];
}

/** Prefers the object key, which tells operators more than the id. */
function subjectOf({ body }: Letter): string | null {
  const detail = event.safeParse(jsonOf(body)).data?.detail;
  return detail?.object?.key ?? detail?.original_key ?? detail?.item_id ?? null;
}

/** The reason that EventBridge attaches to an undelivered event. */
function undelivered(deadLetter: Letter): string | undefined {
  const code = attributeOf(deadLetter, "ERROR_CODE");
  return code && `${code}: ${attributeOf(deadLetter, "ERROR_MESSAGE") ?? "no message"}`;
}

function attributeOf({ attributes }: Letter, name: string): string | undefined {
  return attributes[name]?.StringValue;
}
