import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../core/resilience/clock.ts";

interface Sleeper {
  readonly wakesAt: number;
  wake(): void;
}

/** A clock that stands still until the test turns it. */
export class TurnedClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const sleeper = { wakesAt: this.#now + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Wakes each sleeper at its own time, in order. */
  async turn(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#now = Math.max(this.#now, next.wakesAt);
      next.wake();
      await nextTurn();
    }
    this.#now = until;
  }

  #next(until: number): Sleeper | undefined {
    const due = [...this.#sleepers].filter(({ wakesAt }) => wakesAt <= until);
    return due.sort((a, b) => a.wakesAt - b.wakesAt)[0];
  }
}
