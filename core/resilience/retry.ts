import type { Clock } from "./clock.ts";

/** The outcome of one attempt. Permanent errors are thrown instead. */
export type Attempt<T> =
  | { readonly kind: "done"; readonly value: T }
  /** The receiver asked to wait; the attempt does not count. */
  | { readonly kind: "defer"; readonly delayMs: number; readonly error: Error }
  /** A transient error. `delayMs` is the delay that the receiver asked for, if any. */
  | { readonly kind: "retry"; readonly delayMs?: number | undefined; readonly error: Error };

export type FailedAttempt = Exclude<Attempt<never>, { kind: "done" }>;

export interface RetryPolicy {
  /** Maximum number of failed attempts. Deferrals do not count. */
  readonly maxAttempts: number;
  /** No attempt begins at or after this time of `clock`. @default never */
  readonly giveUpAt?: number;
  /** The wait after a transient error without a delay. `failed` is at least 1. */
  readonly backoffMs: (failed: number) => number;
  /** The error to throw when attempts or time are used up. */
  readonly exhausted: (last: FailedAttempt, failed: number) => Error;
  readonly clock: Clock;
  /** Ends a wait early; `retry` then rejects with an AbortError. */
  readonly signal?: AbortSignal;
}

/** Repeats an attempt until it succeeds. Throws any error of `attempt` at once, and the error of `exhausted`. */
export async function retry<T>(attempt: () => Promise<Attempt<T>>, policy: RetryPolicy): Promise<T> {
  const { maxAttempts, giveUpAt = Number.POSITIVE_INFINITY, backoffMs, exhausted, clock, signal } = policy;
  for (let failed = 0; ; ) {
    const outcome = await attempt();
    if (outcome.kind === "done") return outcome.value;
    if (outcome.kind === "retry") failed += 1;
    const delayMs = outcome.delayMs ?? backoffMs(failed);
    if (failed >= maxAttempts || clock.now() + delayMs >= giveUpAt) throw exhausted(outcome, failed);
    await clock.sleep(delayMs, signal);
  }
}
