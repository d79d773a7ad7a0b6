import { errorFields, type Log } from "../log.ts";
import type { OpenRuns } from "../runs/open-runs.ts";

/** A count is good for so long: it reads the whole list. */
const countedForMs = 5_000;
/** The longest mean delay; with the jitter it stays below the 900 s that SQS takes. */
const maxDelaySeconds = 600;

export interface BackPressureOptions {
  readonly openRuns: Pick<OpenRuns, "count">;
  /** Runs that may be open at once. Each process counts for itself, so somewhat more can be. */
  readonly maxOpenRuns: number;
  /** The least mean delay of what has to wait. */
  readonly deferSeconds: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** Keeps embedding from running away from compaction: what is over the bound waits in the queue. */
export class BackPressure {
  readonly #options: BackPressureOptions;
  #open = 0;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(options: BackPressureOptions) {
    this.#options = options;
  }

  /** How many of so many new runs may be opened now. All of them where the open ones cannot be counted. */
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
   * After how long a message is to be looked at again: the longer it has waited already, the later, so that a long queue
   * costs little; and each after another time, so that it comes back evenly.
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
