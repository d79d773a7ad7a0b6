import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Clock } from "../../resilience/clock.ts";
import { type FoldRequest, foldRequestId, foldRequestText } from "./fold-request.ts";

/** Any process that finds a fold due may request it; requests are idempotent. */
export interface FoldRequests {
  ask(request: FoldRequest): Promise<void>;
}

/** A warm process repeats a request at most once per minute, which is about as long as a fold takes. */
const askEveryMs = 60_000;

/** The FIFO queue of fold requests. Each shard is a message group, so it has one fold at a time. */
export class FoldQueue implements FoldRequests {
  readonly #sqs: SQSClient;
  readonly #url: string;
  readonly #clock: Clock;
  readonly #asked = new Map<string, { readonly id: string; readonly at: number }>();

  constructor(sqs: SQSClient, url: string, clock: Clock) {
    this.#sqs = sqs;
    this.#url = url;
    this.#clock = clock;
  }

  async ask(request: FoldRequest): Promise<void> {
    const id = foldRequestId(request);
    const last = this.#asked.get(request.shard);
    const now = this.#clock.now();
    if (last?.id === id && now - last.at < askEveryMs) return;
    await this.#sqs.send(
      new SendMessageCommand({
        QueueUrl: this.#url,
        MessageBody: foldRequestText(request),
        MessageGroupId: request.shard,
        MessageDeduplicationId: id,
      }),
    );
    this.#asked.set(request.shard, { id, at: now });
  }
}
