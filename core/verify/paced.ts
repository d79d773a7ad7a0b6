import type { Clock } from "../resilience/clock.ts";
import { inParallel } from "../resilience/in-parallel.ts";

export interface Progress {
  readonly done: number;
  readonly underWay: number;
  /** Not begun. */
  readonly left: number;
}

export interface Pace {
  readonly clock: Clock;
  readonly onProgress: (progress: Progress) => void;
}

/** This many fill two cycles, and other changes do not wait behind thousands. */
const itemsInFlight = 500;
const callsAtOnce = 16;
const lookEveryMs = 2_000;
/** Longer than a cycle may last. */
const maxWaitMs = 20 * 60_000;

/**
 * Begins some hundred items at a time, and more as they are done. Resolves when all are, or when none was for 20
 * minutes: to those that are not.
 */
export async function paced<T>(
  { clock, onProgress }: Pace,
  items: readonly T[],
  begin: (item: T) => Promise<void>,
  isDone: (item: T) => Promise<boolean>,
): Promise<T[]> {
  const left = [...items];
  const underWay = new Set<T>();
  let movedAt = clock.now();
  for (;;) {
    const before = left.length + underWay.size;
    await inParallel(left.splice(0, itemsInFlight - underWay.size), callsAtOnce, async (item) => {
      underWay.add(item);
      await begin(item);
    });
    await inParallel([...underWay], callsAtOnce, async (item) => {
      if (await isDone(item)) underWay.delete(item);
    });
    const open = left.length + underWay.size;
    onProgress({ done: items.length - open, underWay: underWay.size, left: left.length });
    if (open < before) movedAt = clock.now();
    if (open === 0 || clock.now() - movedAt >= maxWaitMs) return [...underWay, ...left];
    await clock.sleep(lookEveryMs);
  }
}
