import { setTimeout as pause } from "node:timers/promises";

/** Time as the rules of leases see it. It never jumps, and says nothing about the time of day. */
export interface Clock {
  /** Milliseconds since a moment that only this process knows. */
  now(): number;
  /** Rejects with an AbortError once the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const monotonicClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => pause(ms, undefined, signal ? { signal } : {}),
};
