import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import { allow, readSecrets, type Statement } from "./permissions.ts";
import type { StoredSecret } from "./stored-secret.ts";

export type TracingSettings = Settings["tracing"] & {
  /** Headers that the collector requires. @default none */
  readonly headers?: StoredSecret | undefined;
};

/** X-Ray's actions support no resource-level permissions. */
export const writeTraces = allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]);

/** Read by the frame of every process (core/tracing). */
export function tracingEnvironment({
  endpoint,
  headers,
}: TracingSettings): Readonly<Record<string, pulumi.Input<string>>> {
  return {
    ...(endpoint !== undefined && { TRACING_ENDPOINT: endpoint }),
    ...(headers && { TRACING_HEADERS_SECRET: headers.name }),
  };
}

export function tracingStatements({ enabled, headers }: TracingSettings): Statement[] {
  return [...(enabled ? [writeTraces] : []), ...(headers ? [readSecrets(headers)] : [])];
}
