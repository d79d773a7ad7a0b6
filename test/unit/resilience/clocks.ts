import { type Clock, monotonicClock } from "../../../core/resilience/clock.ts";

/** A process's own clock that moves only when the process sleeps or the test says so. */
export class ManualClock implements Clock {
  #now: number;

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  async sleep(ms: number): Promise<void> {
    this.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A clock on which waiting takes no time. */
export function hastyClock(): Clock {
  let ahead = 0;
  return {
    now: () => monotonicClock.now() + ahead,
    sleep: async (ms) => {
      ahead += ms;
      await monotonicClock.sleep(1);
    },
  };
}
