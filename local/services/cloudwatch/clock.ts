export const minuteMs = 60_000;

/** CloudWatch's time, which a test may hurry. Queues, functions and log lines keep the time of day. */
export class MetricsClock {
  #aheadMs = 0;
  readonly #timeOfDay: () => number;

  constructor(timeOfDay: () => number = Date.now) {
    this.#timeOfDay = timeOfDay;
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#timeOfDay() + this.#aheadMs;
  }

  /** Milliseconds that this clock is ahead of the wall clock. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  advance(ms: number): void {
    this.#aheadMs += ms;
  }
}

export function minuteOf(ms: number): number {
  return Math.floor(ms / minuteMs) * minuteMs;
}
