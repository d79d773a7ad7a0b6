import type { Clock } from "../../resilience/clock.ts";

/** Most cycles end within this time and lose no work. */
export const finishWithinMs = 75_000;
/** Maximum time to return messages to the queue and release leases. */
export const tidyWithinMs = 30_000;

/** How a long-lived process ends: it begins nothing new, gives up what is not over in time, and tidies up. */
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

  /** Nothing new is begun. */
  get begun(): AbortSignal {
    return this.#begun.signal;
  }

  /** What is under way is given up. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** The failure; undefined if the process was only asked to stop. */
  get cause(): Error | undefined {
    return this.#cause;
  }

  /** Once; further calls change nothing. */
  begin(cause?: Error): void {
    if (this.begun.aborted) return;
    this.#cause = cause;
    this.#begun.abort();
    void this.#clock.sleep(this.#finishWithinMs).then(() => this.#over.abort());
  }
}
