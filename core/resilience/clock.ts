import { setTimeout as sleep } from "node:timers/promises";

/** The time source of a process. Injected, so that tests control time. */
export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Rejects with an AbortError once the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const wait = (ms: number, signal?: AbortSignal) => sleep(ms, undefined, signal ? { signal } : {});

/** Milliseconds since an arbitrary start. Never jumps; used for leases and deadlines within a process. */
export const monotonicClock: Clock = { now: () => performance.now(), sleep: wait };

/** Epoch milliseconds, for times that other processes and services read. */
export const systemClock: Clock = { now: () => Date.now(), sleep: wait };
