import type { Clock } from "../../resilience/clock.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
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

const receivesAtOnce = 4;
/** The most that one call of SQS answers with. */
const perReceive = { messages: 10, bytes: 10 * 1024 * 1024 };

/** Receives what else is in the queue and hands it over at once, so that it is kept hidden from then on. */
export async function drain(
  queue: CollectionQueue,
  clock: Clock,
  limits: DrainLimits,
  take: (messages: readonly QueuedMessage[]) => void,
): Promise<void> {
  const { hiddenSeconds, signal } = limits;
  let [taken, bytes] = [0, 0];
  let isFull = false;
  while (taken < limits.messages && bytes < limits.bytes && clock.now() < limits.until) {
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

/** As many as what is left of the limits allows, were every answer as large as it can be. */
function receives(left: { readonly messages: number; readonly bytes: number }): number {
  const needed = Math.ceil(left.messages / perReceive.messages);
  return Math.max(1, Math.min(receivesAtOnce, needed, Math.floor(left.bytes / perReceive.bytes)));
}
