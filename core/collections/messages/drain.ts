import type { Clock } from "../../resilience/clock.ts";
import type { CollectionQueue, QueuedMessage } from "./collection-queue.ts";

export interface DrainLimits {
  /** Messages to take beyond those delivered, and the bytes of their bodies. */
  readonly messages: number;
  readonly bytes: number;
  /** Moments of the clock: nothing is received after `until`; before `atLeastUntil` an empty queue is waited on. */
  readonly until: number;
  readonly atLeastUntil: number;
  /** How long received messages are hidden from others. */
  readonly hiddenSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** Receives what else is in the queue and hands it over at once, so that it is kept hidden from then on. */
export async function drain(
  queue: CollectionQueue,
  clock: Clock,
  limits: DrainLimits,
  take: (messages: readonly QueuedMessage[]) => void,
): Promise<void> {
  const { hiddenSeconds, signal } = limits;
  let [taken, bytes] = [0, 0];
  while (taken < limits.messages && bytes < limits.bytes && clock.now() < limits.until) {
    const spareMs = Math.min(limits.atLeastUntil, limits.until) - clock.now();
    const waitSeconds = Math.max(0, Math.min(20, Math.floor(spareMs / 1000)));
    const received = await queue.receive({ waitSeconds, hiddenSeconds, ...(signal && { signal }) });
    take(received);
    taken += received.length;
    for (const { body } of received) bytes += Buffer.byteLength(body);
    if (received.length > 0) continue;
    if (spareMs <= 0) return;
    if (waitSeconds === 0) await clock.sleep(spareMs, signal);
  }
}
