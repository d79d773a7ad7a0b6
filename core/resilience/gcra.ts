/**
 * Generic cell rate algorithm: all that is kept of a limit is the time at which its bucket is full again,
 * the theoretical arrival time. Times are epoch milliseconds.
 */
export interface Rate {
  readonly perMinute: number;
  /** How much may be spent at once after a pause, in milliseconds of the rate. */
  readonly burstMs: number;
}

export interface Booking {
  readonly arrival: number;
  /** Milliseconds until the cost may be spent. */
  readonly wait: number;
}

/** Books `cost` at `now` behind everything booked before it. */
export function bookCost(rate: Rate, arrival: number, now: number, cost: number): Booking {
  const next = Math.max(arrival, now) + costInMs(rate, cost);
  return { arrival: next, wait: Math.max(0, next - now - Math.max(rate.burstMs, costInMs(rate, 1))) };
}

/** The time that a cost takes at the limit's rate. */
export function costInMs(rate: Rate, cost: number): number {
  return (cost * 60_000) / rate.perMinute;
}
