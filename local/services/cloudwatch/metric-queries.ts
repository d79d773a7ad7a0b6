import { z } from "zod";
import { AwsError } from "../../protocol/service.ts";
import { type Expression, readExpression } from "./expression.ts";
import type { MetricId } from "./metric.ts";
import type { Datapoints, MetricStore, Range } from "./metric-store.ts";
import { readStatistic } from "./statistics.ts";
import { wireBoolean, wireNumber } from "./wire-types.ts";

export const dimensionList = z
  .array(z.object({ Name: z.string().min(1), Value: z.string().min(1) }))
  .max(30)
  .default([]);

export const wirePeriod = wireNumber.refine((period) => period > 0 && period % 60 === 0, {
  message: "must be a multiple of 60: the local CloudWatch keeps minutes.",
});

export const metricQuery = z.strictObject({
  Id: z.string().regex(/^[a-z]\w*$/, "must begin with a small letter"),
  MetricStat: z
    .strictObject({
      Metric: z.strictObject({
        Namespace: z.string().min(1),
        MetricName: z.string().min(1),
        Dimensions: dimensionList,
      }),
      Period: wirePeriod,
      Stat: z.string(),
      Unit: z.string().optional(),
    })
    .optional(),
  Expression: z.string().optional(),
  Label: z.string().optional(),
  ReturnData: wireBoolean.default(true),
  Period: wirePeriod.optional(),
  AccountId: z.string().optional(),
});

export type MetricQuery = z.infer<typeof metricQuery>;

export function metricOf({
  Namespace,
  MetricName,
  Dimensions,
}: NonNullable<MetricQuery["MetricStat"]>["Metric"]) {
  return metricId(Namespace, MetricName, Dimensions);
}

export function metricId(
  namespace: string,
  name: string,
  dimensions: z.infer<typeof dimensionList>,
): MetricId {
  return {
    namespace,
    name,
    dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])),
  };
}

interface Prepared {
  readonly query: MetricQuery;
  readonly expression: Expression | undefined;
}

/** Queries and the expressions over them, checked as CloudWatch checks them. Throws ValidationError. */
export class MetricQueries {
  /** The period of all queries; an expression has the period of its inputs. */
  readonly periodMs: number;
  readonly #prepared: readonly Prepared[];
  /** Each query after its inputs. */
  readonly #ordered: readonly Prepared[];

  constructor(queries: readonly MetricQuery[]) {
    this.#prepared = queries.map((query) => ({
      query,
      expression: query.Expression === undefined ? undefined : readExpression(query.Expression),
    }));
    for (const each of this.#prepared) this.#check(each);
    this.#ordered = this.#inOrder();
    const periods = queries.flatMap(({ MetricStat, Period }) => MetricStat?.Period ?? Period ?? []);
    this.periodMs = 1000 * Math.max(60, ...periods);
  }

  /** Returns the results of the queries that return data, in their order. */
  results(
    store: MetricStore,
    range: Omit<Range, "periodMs">,
  ): { query: MetricQuery; datapoints: Datapoints }[] {
    const byId = new Map<string, Datapoints>();
    const wanted = { ...range, periodMs: this.periodMs };
    const periods = periodsOf(wanted);
    const results = this.#ordered.map(({ query, expression }) => {
      const datapoints = expression ? expression.evaluate(byId, periods) : measured(store, query, wanted);
      byId.set(query.Id, datapoints);
      return { query, datapoints };
    });
    const inGivenOrder = this.#prepared.flatMap(({ query }) =>
      results.filter((each) => each.query === query),
    );
    return inGivenOrder.filter(({ query }) => query.ReturnData);
  }

  #inOrder(): Prepared[] {
    const left = new Set(this.#prepared);
    const ordered: Prepared[] = [];
    while (left.size > 0) {
      const done = new Set(ordered.map(({ query }) => query.Id));
      const ready = [...left].filter(({ expression }) => expression?.ids.every((id) => done.has(id)) ?? true);
      if (ready.length === 0) throw invalid("The expressions use each other in a circle.");
      for (const each of ready) left.delete(each);
      ordered.push(...ready);
    }
    return ordered;
  }

  #check({ query, expression }: Prepared): void {
    if ((query.MetricStat === undefined) === (expression === undefined)) {
      throw invalid(`The query ${query.Id} must have either MetricStat or Expression.`);
    }
    if (this.#prepared.filter((other) => other.query.Id === query.Id).length > 1) {
      throw invalid(`The id ${query.Id} is used twice.`);
    }
    if (query.MetricStat) readStatistic(query.MetricStat.Stat);
    const known = new Set(this.#prepared.map((other) => other.query.Id));
    const unknown = expression?.ids.filter((id) => !known.has(id)) ?? [];
    if (unknown.length > 0)
      throw invalid(`The expression ${query.Id} uses unknown ids: ${unknown.join(", ")}.`);
  }
}

export function periodsOf({ from, to, periodMs }: Range): number[] {
  return Array.from({ length: Math.ceil((to - from) / periodMs) }, (_, index) => from + index * periodMs);
}

function measured(store: MetricStore, { MetricStat }: MetricQuery, range: Range): Datapoints {
  return MetricStat ? store.datapoints(metricOf(MetricStat.Metric), MetricStat.Stat, range) : new Map();
}

function invalid(message: string): AwsError {
  return new AwsError(400, "ValidationError", message);
}
