import type { Clock } from "../../resilience/clock.ts";
import type { Step } from "./cycle-deps.ts";

/** How long a cycle was in each of its steps. */
export class StepTimes {
  readonly #clock: Clock;
  readonly #times = new Map<Step, number>();
  #step: Step | undefined;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** The step begins, and the one before it ends. */
  begin(step: Step | undefined): void {
    const now = this.#clock.now();
    if (this.#step) this.#times.set(this.#step, (this.#times.get(this.#step) ?? 0) + now - this.#since);
    [this.#step, this.#since] = [step, now];
  }

  /** Milliseconds by step, as a log line has them. */
  end(): Record<string, number> {
    this.begin(undefined);
    return Object.fromEntries([...this.#times].map(([step, ms]) => [step.replace(" ", "_"), Math.round(ms)]));
  }
}
