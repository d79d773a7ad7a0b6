import { z } from "zod";
import type { MetricId } from "./metric.ts";

const directive = z.object({
  _aws: z.object({
    Timestamp: z.number(),
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string().min(1),
        Dimensions: z.array(z.array(z.string()).max(30)).default([[]]),
        Metrics: z.array(z.object({ Name: z.string().min(1) })).max(100),
      }),
    ),
  }),
});
const values = z.union([z.number().transform((value) => [value]), z.array(z.number()).max(100)]);

export interface LoggedMetric {
  readonly metric: MetricId;
  readonly values: readonly number[];
  /** Epoch milliseconds, as the line says. */
  readonly at: number;
}

/**
 * Returns the metrics of a log line in the embedded metric format; none for any other line. Omits metrics without a
 * value or dimension in the line, like CloudWatch.
 */
export function metricsOfLine(line: string): LoggedMetric[] {
  if (!line.includes('"_aws"')) return [];
  const fields = parseObject(line);
  const parsed = directive.safeParse(fields);
  if (fields === undefined || !parsed.success) return [];
  const { Timestamp: at, CloudWatchMetrics } = parsed.data._aws;
  return CloudWatchMetrics.flatMap(({ Namespace: namespace, Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name: name }) => {
      const found = values.safeParse(fields[name]);
      if (!found.success) return [];
      return Dimensions.flatMap((names) => {
        const dimensions = dimensionsOf(names, fields);
        return dimensions ? [{ metric: { namespace, name, dimensions }, values: found.data, at }] : [];
      });
    }),
  );
}

function dimensionsOf(
  names: readonly string[],
  fields: Readonly<Record<string, unknown>>,
): Record<string, string> | undefined {
  if (!names.every((name) => typeof fields[name] === "string")) return undefined;
  return Object.fromEntries(names.map((name) => [name, String(fields[name])]));
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line.slice(line.indexOf("{")));
    return value !== null && typeof value === "object" ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
