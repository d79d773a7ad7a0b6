import { exponentialSeconds } from "../../resilience/backoff.ts";
import type { QueuedMessage } from "./collection-queue.ts";

/** Messages that are returned to the queue with the same delay. */
export interface Returned {
  readonly messages: readonly QueuedMessage[];
  readonly seconds: number;
}

/** After a cycle that did not fail: long enough for the current holder of the lease to drain them. */
const returnSeconds = 5;
/** Doubled with each receive, so that the queue's max receive count outlasts an outage of what cycles need. */
const afterFailure = { firstSeconds: returnSeconds, maxSeconds: 300 };
/** The second half waits this many times longer: the cycle of the first half has drained the queue by then. */
const farFactor = 3;

/** A fold may soon make room; where folds fail for a day, the queue's max receive count outlasts that. */
const heldBack = { firstSeconds: 10, maxSeconds: 90 };

/** Delays of what a cycle leaves open although it did not fail. */
export function delaysAfterCycle(
  open: readonly QueuedMessage[],
  isHeldBack: (message: QueuedMessage) => boolean = () => false,
): Returned[] {
  return byDelay(open, (message) =>
    isHeldBack(message) ? exponentialSeconds(heldBack, message.receives) : returnSeconds,
  );
}

/**
 * Delays of the messages of a failed cycle: two halves, so that the next cycles are of one half each, and after some
 * rounds what makes cycles fail is alone (F26). Each message backs off by its own receives, and a message group is
 * never split, so its order stays.
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
