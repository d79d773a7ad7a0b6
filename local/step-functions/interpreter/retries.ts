import type { Retrier } from "../graph/definition.ts";
import type { StatesError } from "../states-error.ts";
import { matchesError } from "./errors.ts";

/** Local waits are a tenth of those in the definition, so that tests stay fast. */
const localShareOfWaits = 0.1;

/** The retries of one visit of a state; every retrier counts for itself. */
export class Retries {
  readonly #retriers: readonly Retrier[];
  readonly #used = new Map<Retrier, number>();

  constructor(retriers: readonly Retrier[]) {
    this.#retriers = retriers;
  }

  get count(): number {
    return [...this.#used.values()].reduce((sum, used) => sum + used, 0);
  }

  /** Returns the seconds until the next attempt; undefined if there is none. The first matching retrier decides. */
  next(error: StatesError): number | undefined {
    const retrier = this.#retriers.find(({ ErrorEquals }) => matchesError(ErrorEquals, error));
    if (retrier === undefined) return undefined;
    const used = this.#used.get(retrier) ?? 0;
    if (used >= retrier.MaxAttempts) return undefined;
    this.#used.set(retrier, used + 1);
    return localShareOfWaits * waitOf(retrier, used);
  }
}

function waitOf(
  { IntervalSeconds, BackoffRate, MaxDelaySeconds, JitterStrategy }: Retrier,
  used: number,
): number {
  const wait = Math.min(IntervalSeconds * BackoffRate ** used, MaxDelaySeconds ?? Number.POSITIVE_INFINITY);
  return JitterStrategy === "FULL" ? wait * Math.random() : wait;
}
