import type { Clock } from "../resilience/clock.ts";
import { inParallel } from "../resilience/in-parallel.ts";

export interface Progress {
  readonly done: number;
  readonly underWay: number;
  /** Items that have not been begun. */
  readonly left: number;
}

export interface Pace {
  readonly clock: Clock;
  readonly onProgress: (progress: Progress) => void;
}

/** Fills two cycles, without making other changes wait behind thousands of messages. */
const itemsInFlight = 500;
const callsAtOnce = 16;
const lookEveryMs = 2_000;
/** Longer than a cycle may take. */
const maxWaitMs = 20 * 60_000;

/**
 * Begins items in flights of a few hundred and adds more as they are done. Resolves when all are done, or when none has
 * been done for 20 minutes, to the items that are not.
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
