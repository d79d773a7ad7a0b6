import { minuteMs, minuteOf } from "./clock.ts";
import { type MetricId, seriesKey } from "./metric.ts";
import { addSamples, noSamples, readStatistic, type Samples, samplesOf } from "./statistics.ts";

interface Series {
  readonly metric: MetricId;
  readonly minutes: Map<number, Samples>;
  lastAt: number;
}

/** Times are the starts of periods, in epoch milliseconds. */
export type Datapoints = ReadonlyMap<number, number>;

export interface Range {
  /** Start of the first period. */
  readonly from: number;
  /** End of the last one. */
  readonly to: number;
  readonly periodMs: number;
}

/** CloudWatch keeps minutes for 15 days. */
const keptMs = 15 * 24 * 60 * minuteMs;

/** Every series of the stack in memory, by the minute. */
export class MetricStore {
  readonly #series = new Map<string, Series>();

  record(metric: MetricId, value: number, at: number): void {
    this.add(metric, samplesOf(value), at);
  }

  add(metric: MetricId, samples: Samples, at: number): void {
    const key = seriesKey(metric);
    const series = this.#series.get(key) ?? { metric, minutes: new Map<number, Samples>(), lastAt: at };
    this.#series.set(key, series);
    const minute = minuteOf(at);
    const kept = series.minutes.get(minute);
    if (kept === undefined) forgetOld(series, at);
    const into = kept ?? noSamples();
    series.minutes.set(minute, into);
    addSamples(into, samples);
    series.lastAt = Math.max(series.lastAt, at);
  }

  list(): { readonly metric: MetricId; readonly lastAt: number }[] {
    return [...this.#series.values()];
  }

  /** Returns only periods with recorded data. Throws InvalidParameterValue for an unknown statistic. */
  datapoints(metric: MetricId, statistic: string, { from, to, periodMs }: Range): Datapoints {
    const value = readStatistic(statistic);
    const series = this.#series.get(seriesKey(metric));
    const periods = new Map<number, Samples>();
    for (const [minute, samples] of series ? minutesWithin(series, from, to) : []) {
      const start = from + Math.floor((minute - from) / periodMs) * periodMs;
      const period = periods.get(start) ?? noSamples();
      addSamples(period, samples);
      periods.set(start, period);
    }
    return new Map([...periods].map(([start, samples]) => [start, value(samples)]));
  }
}

/** Looks each minute up, or walks through those that are kept, whichever are fewer. */
function* minutesWithin({ minutes }: Series, from: number, to: number): Iterable<[number, Samples]> {
  if ((to - from) / minuteMs > minutes.size) {
    for (const [minute, samples] of minutes) if (minute >= from && minute < to) yield [minute, samples];
    return;
  }
  for (let minute = minuteOf(from); minute < to; minute += minuteMs) {
    const samples = minutes.get(minute);
    if (samples !== undefined && minute >= from) yield [minute, samples];
  }
}

function forgetOld({ minutes }: Series, now: number): void {
  for (const minute of minutes.keys()) {
    if (minute >= now - keptMs) return;
    minutes.delete(minute);
  }
}
