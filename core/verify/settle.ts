import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Clock } from "../resilience/clock.ts";

/** Number of messages in a shard's queue. SQS counts approximately and with a delay of up to a minute. */
export interface Backlog {
  /** Available now or delayed. */
  readonly waiting: number;
  /** Held by a cycle, or by a process that waits for the lease. */
  readonly inFlight: number;
}

export interface SettleDeps {
  readonly clock: Clock;
  readonly backlog: () => Promise<Backlog>;
  /** Number of generations that the shard has published. */
  readonly generation: () => Promise<number>;
}

const pollMs = 1_000;
/**
 * The first is published by the cycle that was running when the queue became empty, the second by one that waited for
 * its lease.
 */
const cyclesInFlight = 2;

export async function backlogOf(sqs: SQSClient, QueueUrl: string): Promise<Backlog> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
      ],
    }),
  );
  const { ApproximateNumberOfMessages: now = 0, ApproximateNumberOfMessagesDelayed: later = 0 } = Attributes;
  return {
    waiting: Number(now) + Number(later),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
}

/**
 * Waits until every change made before the call has been processed: `settleMs` for the stream to announce it, then
 * until the queue is empty, or until two generations have been published since no message was waiting. Resolves to
 * false if that does not happen by `until`.
 */
export async function untilSettled(deps: SettleDeps, settleMs: number, until: number): Promise<boolean> {
  const { clock, backlog, generation } = deps;
  if (clock.now() + settleMs > until) return false;
  await clock.sleep(settleMs);
  let noneWaitedAt: number | undefined;
  for (;;) {
    const { waiting, inFlight } = await backlog();
    if (waiting === 0 && inFlight === 0) return true;
    const published = await generation();
    if (waiting === 0) noneWaitedAt ??= published;
    if (noneWaitedAt !== undefined && published >= noneWaitedAt + cyclesInFlight) return true;
    if (clock.now() + pollMs > until) return false;
    await clock.sleep(pollMs);
  }
}
