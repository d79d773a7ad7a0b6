import type { Clock } from "../../resilience/clock.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import type { CollectionQueue, QueuedMessage } from "./collection-queue.ts";

export interface DrainLimits {
  /** Limits on the messages taken beyond those delivered: count, and bytes of their bodies. */
  readonly messages: number;
  readonly bytes: number;
  /** Times of the clock. Nothing is received after `until`; before `atLeastUntil`, an empty queue is polled again. */
  readonly until: number;
  readonly atLeastUntil: number;
  /** Nothing is received once this holds for what was taken. */
  readonly isEnough?: () => boolean;
  /** How long received messages are hidden from other consumers. */
  readonly hiddenSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

const receivesAtOnce = 4;
/** The maximum that one receive returns. */
const perReceive = { messages: 10, bytes: 10 * 1024 * 1024 };

/**
 * Receives more messages of the queue and passes each batch on at once, so that its visibility is extended from then
 * on.
 */
export async function drain(
  queue: CollectionQueue,
  clock: Clock,
  limits: DrainLimits,
  take: (messages: readonly QueuedMessage[]) => void,
): Promise<void> {
  const { hiddenSeconds, signal } = limits;
  let [taken, bytes] = [0, 0];
  let isFull = false;
  const isEnough = limits.isEnough ?? (() => false);
  while (taken < limits.messages && bytes < limits.bytes && clock.now() < limits.until && !isEnough()) {
    const spareMs = Math.min(limits.atLeastUntil, limits.until) - clock.now();
    const waitSeconds = Math.max(0, Math.min(20, Math.floor(spareMs / 1000)));
    const left = { messages: limits.messages - taken, bytes: limits.bytes - bytes };
    const calls = isFull ? receives(left) : 1;
    const before = taken;
    isFull = true;
    await inParallel(Array(calls).keys(), receivesAtOnce, async () => {
      const received = await queue.receive({ waitSeconds, hiddenSeconds, ...(signal && { signal }) });
      take(received);
      taken += received.length;
      isFull &&= received.length === perReceive.messages;
      for (const { body } of received) bytes += Buffer.byteLength(body);
    });
    if (taken > before) continue;
    if (spareMs <= 0) return;
    if (waitSeconds === 0) await clock.sleep(spareMs, signal);
  }
}

/**
 * The number of concurrent receives that cannot exceed the remaining limits, even if every response is as large as
 * possible.
 */
function receives(left: { readonly messages: number; readonly bytes: number }): number {
  const needed = Math.ceil(left.messages / perReceive.messages);
  return Math.max(1, Math.min(receivesAtOnce, needed, Math.floor(left.bytes / perReceive.bytes)));
}
