import type { Span } from "@opentelemetry/api";
import type { Clock } from "../../resilience/clock.ts";
import { markFailed, startSpan } from "../../tracing/span.ts";
import type { Step } from "./cycle-deps.ts";

/** Measures how long a cycle spends in each step, and traces each step as a span. */
export class StepTimes {
  readonly #clock: Clock;
  readonly #times = new Map<Step, number>();
  #step: Step | undefined;
  #since: number;
  #span: Span | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** Ends the step in progress and begins the given one. */
  begin(step: Step | undefined): void {
    const now = this.#clock.now();
    if (this.#step) this.#times.set(this.#step, (this.#times.get(this.#step) ?? 0) + now - this.#since);
    [this.#step, this.#since] = [step, now];
    this.#span?.end();
    this.#span = step && startSpan(`compaction.${step.replaceAll(" ", "_")}`);
  }

  /** Marks the step in progress as failed and ends it. */
  fail(error: unknown): void {
    if (this.#span) markFailed(this.#span, error);
    this.begin(undefined);
  }

  /** Milliseconds per step, as a log field. */
  end(): Record<string, number> {
    this.begin(undefined);
    return Object.fromEntries([...this.#times].map(([step, ms]) => [step.replace(" ", "_"), Math.round(ms)]));
  }
}
