import type { Clock } from "../../resilience/clock.ts";

/** Most cycles end within this time and lose no work. */
export const finishWithinMs = 75_000;
/** Maximum time to return messages to the queue and release leases. */
export const tidyWithinMs = 30_000;

/**
 * Shuts down a long-lived process: it starts no new work, abandons what is not finished in time, and then cleans up.
 */
export class Shutdown {
  readonly #clock: Clock;
  readonly #finishWithinMs: number;
  readonly #begun = new AbortController();
  readonly #over = new AbortController();
  #cause: Error | undefined;

  constructor(clock: Clock, withinMs = finishWithinMs) {
    this.#clock = clock;
    this.#finishWithinMs = withinMs;
  }

  /** Aborts when no new work may start. */
  get begun(): AbortSignal {
    return this.#begun.signal;
  }

  /** Aborts when work in progress must be abandoned. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** The failure; undefined if the process was only asked to stop. */
  get cause(): Error | undefined {
    return this.#cause;
  }

  /** Takes effect once; further calls change nothing. */
  begin(cause?: Error): void {
    if (this.begun.aborted) return;
    this.#cause = cause;
    this.#begun.abort();
    void this.#clock.sleep(this.#finishWithinMs).then(() => this.#over.abort());
  }
}
