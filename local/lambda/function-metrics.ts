import type { MetricSink } from "../services/cloudwatch/metric.ts";

/** The metrics of the local Lambda for each function, by `FunctionName`. */
export const functionMetrics = [
  "ConcurrentExecutions",
  "Duration",
  "Errors",
  "Invocations",
  "IteratorAge",
  "Throttles",
] as const;

export type FunctionMetric = (typeof functionMetrics)[number];

export function measureFunction(
  sink: MetricSink,
  functionName: string,
  name: FunctionMetric,
  value: number,
): void {
  sink.record({ namespace: "AWS/Lambda", name, dimensions: { FunctionName: functionName } }, value);
}

/** The metrics of an event source mapping with `EventCount` enabled, by `EventSourceMappingUUID`. */
export const mappingMetrics = [
  "DroppedEventCount",
  "FailedInvokeEventCount",
  "FilteredOutEventCount",
  "InvokedEventCount",
  "OnFailureDestinationDeliveredEventCount",
  "PolledEventCount",
] as const;

export type MappingMetric = (typeof mappingMetrics)[number];

/** Counts events of one mapping. */
export type CountEvents = (name: MappingMetric, events: number) => void;

export function eventCounts(sink: MetricSink, mapping: { uuid: string; countsEvents: boolean }): CountEvents {
  if (!mapping.countsEvents) return () => {};
  const dimensions = { EventSourceMappingUUID: mapping.uuid };
  return (name, events) => {
    if (events > 0) sink.record({ namespace: "AWS/Lambda", name, dimensions }, events);
  };
}
