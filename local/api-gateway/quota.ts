/** The maximum number of requests of a key in a period. */
export interface Quota {
  readonly limit: number;
  readonly period: "DAY" | "WEEK" | "MONTH";
}

/** The requests of one key in the current period. */
export class QuotaCount {
  readonly #quota: Quota;
  #period = "";
  #used = 0;

  constructor(quota: Quota) {
    this.#quota = quota;
  }

  /** Counts a request, unless the limit of the period is reached. */
  take(now: Date): boolean {
    const period = startOfPeriod(this.#quota.period, now);
    if (period !== this.#period) {
      this.#period = period;
      this.#used = 0;
    }
    if (this.#used >= this.#quota.limit) return false;
    this.#used += 1;
    return true;
  }
}

/** Periods are UTC's; a week starts on Sunday. */
export function startOfPeriod(period: Quota["period"], now: Date): string {
  const start = new Date(now);
  if (period === "WEEK") start.setUTCDate(start.getUTCDate() - start.getUTCDay());
  if (period === "MONTH") start.setUTCDate(1);
  return start.toISOString().slice(0, 10);
}
