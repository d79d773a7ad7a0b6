import { exponentialSeconds } from "../../resilience/backoff.ts";
import type { QueuedMessage } from "./collection-queue.ts";

/** Messages that return to the queue with the same delay. */
export interface Returned {
  readonly messages: readonly QueuedMessage[];
  readonly seconds: number;
}

/** The delay after a cycle that did not fail: long enough for the current lease holder to drain the messages. */
const returnSeconds = 5;
/**
 * The delay doubles with each receive, so that an outage of a dependency ends before the queue's maximum receive count
 * is reached.
 */
const afterFailure = { firstSeconds: returnSeconds, maxSeconds: 300 };
/** The second half waits longer by this factor, so that the cycle of the first half has drained the queue by then. */
const farFactor = 3;

/** A fold may soon make room. Even if folds fail for a day, the queue's maximum receive count is not reached. */
const heldBack = { firstSeconds: 10, maxSeconds: 90 };

/** Delays of the messages that a successful cycle leaves open. */
export function delaysAfterCycle(
  open: readonly QueuedMessage[],
  isHeldBack: (message: QueuedMessage) => boolean = () => false,
): Returned[] {
  return byDelay(open, (message) =>
    isHeldBack(message) ? exponentialSeconds(heldBack, message.receives) : returnSeconds,
  );
}

/**
 * Delays of the messages of a failed cycle, in two halves, so that later cycles take one half each and a poison message
 * is alone after some rounds (F26). A message group backs off by its highest receive count and is never split, so its
 * order is preserved.
 */
export function delaysAfterFailure(open: readonly QueuedMessage[]): Returned[] {
  const groups = [...Map.groupBy(open, ({ groupId }) => groupId)].sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  const firstHalf = Math.ceil(groups.length / 2);
  const delays = new Map<string, number>();
  for (const [position, [groupId, messages]] of groups.entries()) {
    const receives = Math.max(1, ...messages.map((message) => message.receives));
    const near = exponentialSeconds(afterFailure, receives);
    delays.set(groupId, position < firstHalf ? near : farFactor * near);
  }
  return byDelay(open, ({ groupId }) => delays.get(groupId) ?? returnSeconds);
}

function byDelay(
  messages: readonly QueuedMessage[],
  delayOf: (message: QueuedMessage) => number,
): Returned[] {
  return [...Map.groupBy(messages, delayOf)].map(([seconds, some]) => ({ messages: some, seconds }));
}
