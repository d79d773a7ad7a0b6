import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Clock } from "../resilience/clock.ts";

/** Messages of a shard's queue. SQS counts them approximately, and up to a minute late. */
export interface Backlog {
  /** To be received now or later. */
  readonly waiting: number;
  /** Held by a cycle, or by a process that waits for the lease. */
  readonly inFlight: number;
}

export interface SettleDeps {
  readonly clock: Clock;
  readonly backlog: () => Promise<Backlog>;
  /** How many generations the shard has published. */
  readonly generation: () => Promise<number>;
}

const pollMs = 1_000;
/** The cycle that ran when nothing waited any more publishes the first, one that waited for its lease the second. */
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
 * Waits until every change made before the call has had its turn: `settleMs` for the stream to announce it, then until
 * the queue is empty, or was once without a waiting message and what was in flight then must have been published.
 * False where that is not so by the moment `until`.
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
