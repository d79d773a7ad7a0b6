import type { Settings } from "../config.ts";
import { allow } from "./permissions.ts";

export type TracingSettings = Settings["tracing"];

/** X-Ray's actions support no resource-level permissions. */
export const writeTraces = allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]);

/** Read by the frame of every process (core/tracing). */
export function tracingEnvironment({ endpoint }: TracingSettings): Readonly<Record<string, string>> {
  return endpoint === undefined ? {} : { TRACING_ENDPOINT: endpoint };
}
