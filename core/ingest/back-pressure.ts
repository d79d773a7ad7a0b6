import { errorFields, type Log } from "../log.ts";
import type { OpenRuns } from "../runs/open-runs.ts";

/** How long a count is cached: counting reads the whole list. */
const countedForMs = 5_000;
/** Maximum mean delay; with jitter it stays below SQS's maximum of 900 s. */
const maxDelaySeconds = 600;

export interface BackPressureOptions {
  readonly openRuns: Pick<OpenRuns, "count">;
  /** Maximum number of open runs. Each process counts for itself, so it can be exceeded slightly. */
  readonly maxOpenRuns: number;
  /** Minimum mean delay of a deferred message. */
  readonly deferSeconds: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** Back-pressure: keeps embedding from outrunning compaction. Messages beyond the limit stay in the queue. */
export class BackPressure {
  readonly #options: BackPressureOptions;
  #open = 0;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(options: BackPressureOptions) {
    this.#options = options;
  }

  /** How many of the `wanted` new runs may be opened now; all of them if the open runs cannot be counted. */
  async admit(wanted: number): Promise<number> {
    if (wanted === 0) return 0;
    try {
      await this.#count();
    } catch (error) {
      this.#options.log.warn("Open runs could not be counted; nothing is deferred", errorFields(error));
      return wanted;
    }
    const admitted = Math.min(wanted, Math.max(0, this.#options.maxOpenRuns - this.#open));
    this.#open += admitted;
    return admitted;
  }

  /**
   * The delay of a deferred message. It grows with the age of the message, so that a long queue costs little, and has
   * jitter, so that messages return evenly.
   */
  delaySeconds(exportedAt: number): number {
    const { deferSeconds, now, random } = this.#options;
    const half = (now() - exportedAt) / 2_000;
    const mean = Math.min(maxDelaySeconds, Math.max(deferSeconds, half));
    return Math.max(1, Math.round(mean * (0.5 + random())));
  }

  async #count(): Promise<void> {
    const { openRuns, maxOpenRuns, now } = this.#options;
    if (now() - this.#countedAt < countedForMs) return;
    this.#open = await openRuns.count(maxOpenRuns);
    this.#countedAt = now();
  }
}
