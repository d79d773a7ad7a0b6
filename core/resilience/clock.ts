import { setTimeout as sleep } from "node:timers/promises";

/** Time as a process sees it. Injected, so that tests decide it. */
export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Rejects with an AbortError once the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const wait = (ms: number, signal?: AbortSignal) => sleep(ms, undefined, signal ? { signal } : {});

/** Milliseconds since a moment that only this process knows. It never jumps: leases and deadlines of a process use it. */
export const monotonicClock: Clock = { now: () => performance.now(), sleep: wait };

/** Epoch milliseconds: for times that other processes and services read. */
export const systemClock: Clock = { now: () => Date.now(), sleep: wait };
