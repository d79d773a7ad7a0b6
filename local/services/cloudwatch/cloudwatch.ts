import type { LogStore } from "../logs/log-store.ts";
import { Alarms } from "./alarms.ts";
import { MetricsClock, minuteMs } from "./clock.ts";
import { metricsOfLine } from "./emf.ts";
import type { MetricId, MetricSink } from "./metric.ts";
import { MetricStore } from "./metric-store.ts";

/** Measures a current value, such as the depth of a queue. */
export type Gauge = (sink: MetricSink, now: number) => void;

const tickMs = 5_000;

/** Metrics and alarms of the stack, on a clock that tests may hurry. */
export class CloudWatch implements MetricSink {
  readonly clock = new MetricsClock();
  readonly store = new MetricStore();
  readonly alarms = new Alarms(this.store);
  readonly #gauges: Gauge[] = [];
  #timer: NodeJS.Timeout | undefined;

  record(metric: MetricId, value: number): void {
    this.store.record(metric, value, this.clock.now());
  }

  addGauge(gauge: Gauge): void {
    this.#gauges.push(gauge);
  }

  /** Extracts metrics in embedded metric format from all further log events. */
  follow(logs: LogStore): void {
    logs.onMessage((message) => {
      for (const { metric, values, at } of metricsOfLine(message)) {
        for (const value of values) this.store.record(metric, value, at + this.clock.aheadMs);
      }
    });
  }

  /** Gauges and alarms as they are now. */
  refresh(): void {
    const now = this.clock.now();
    for (const gauge of this.#gauges) gauge(this, now);
    this.alarms.evaluate(now);
  }

  /** Advances the time, with everything that happens in each minute of it. */
  advance(ms: number): void {
    for (let left = ms; left > 0; left -= minuteMs) {
      this.clock.advance(Math.min(left, minuteMs));
      this.refresh();
    }
  }

  start(): void {
    this.#timer ??= setInterval(() => this.refresh(), tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
