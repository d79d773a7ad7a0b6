import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { ExecutionStoppedError } from "./thread.ts";

/** The maximum of Node's timers. Longer limits are irrelevant here. */
const maxTimerMs = 2 ** 31 - 1;

/** The work's outcome, or ExecutionStoppedError as soon as the signal says so; the work itself may go on unseen. */
export async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (signal.aborted) throw new ExecutionStoppedError();
  const over = Promise.withResolvers<never>();
  const onAbort = () => over.reject(new ExecutionStoppedError());
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work(), over.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Throws ExecutionStoppedError when the signal comes first. */
export async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  const milliseconds = Math.min(Math.max(0, seconds * 1000), maxTimerMs);
  await delay(milliseconds, undefined, { signal }).catch(() => {
    throw new ExecutionStoppedError();
  });
}

/** Runs the work under its own signal, which follows the outer one. `abort` ends work that is still running. */
export async function underOwnSignal<T>(
  outer: AbortSignal,
  work: (signal: AbortSignal, abort: () => void) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  setMaxListeners(0, own.signal);
  const abort = () => own.abort();
  if (outer.aborted) abort();
  outer.addEventListener("abort", abort, { once: true });
  try {
    return await work(own.signal, abort);
  } finally {
    outer.removeEventListener("abort", abort);
  }
}

/**
 * Runs tasks 0 to count - 1 with bounded concurrency, and resolves to their results in order. The first failure aborts the
 * others; it is thrown when all have ended.
 */
export function together<T>(
  outer: AbortSignal,
  count: number,
  concurrency: number,
  task: (index: number, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  return underOwnSignal(outer, async (signal, abort) => {
    const results: T[] = [];
    const failures: unknown[] = [];
    let next = 0;
    const worker = async () => {
      while (next < count && failures.length === 0) {
        const index = next++;
        try {
          results[index] = await task(index, signal);
        } catch (error) {
          failures.push(error);
          abort();
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
    if (failures.length > 0) throw failures[0];
    return results;
  });
}
