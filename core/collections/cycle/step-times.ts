import type { Span } from "@opentelemetry/api";
import type { Clock } from "../../resilience/clock.ts";
import { markFailed, startSpan } from "../../tracing/span.ts";
import type { Step } from "./cycle-deps.ts";

/** How long a cycle was in each of its steps, of which each is a span. */
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

  /** The step begins, and the one before it ends. */
  begin(step: Step | undefined): void {
    const now = this.#clock.now();
    if (this.#step) this.#times.set(this.#step, (this.#times.get(this.#step) ?? 0) + now - this.#since);
    [this.#step, this.#since] = [step, now];
    this.#span?.end();
    this.#span = step && startSpan(`compaction.${step.replaceAll(" ", "_")}`);
  }

  /** The step that was under way has failed. */
  fail(error: unknown): void {
    if (this.#span) markFailed(this.#span, error);
    this.begin(undefined);
  }

  /** Milliseconds by step, as a log line has them. */
  end(): Record<string, number> {
    this.begin(undefined);
    return Object.fromEntries([...this.#times].map(([step, ms]) => [step.replace(" ", "_"), Math.round(ms)]));
  }
}
