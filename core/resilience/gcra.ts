/**
 * Generic cell rate algorithm. The only state of a limit is its theoretical arrival time: the time at which its bucket
 * is full again. Times are epoch milliseconds.
 */
export interface Rate {
  readonly perMinute: number;
  /** The burst that is allowed after a pause, in milliseconds at the rate. */
  readonly burstMs: number;
}

export interface Booking {
  readonly arrival: number;
  /** Milliseconds to wait before the cost may be spent. */
  readonly wait: number;
}

/** Books `cost` at time `now`, after everything booked before. */
export function bookCost(rate: Rate, arrival: number, now: number, cost: number): Booking {
  const next = Math.max(arrival, now) + costInMs(rate, cost);
  return { arrival: next, wait: Math.max(0, next - now - Math.max(rate.burstMs, costInMs(rate, 1))) };
}

/** Milliseconds that a cost takes at this rate. */
export function costInMs(rate: Rate, cost: number): number {
  return (cost * 60_000) / rate.perMinute;
}
