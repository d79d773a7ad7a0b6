import type { ShardName } from "../../../contract/collections.ts";
import { documentKeys, type Log, type LogFields } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import type { Head } from "../generations/head.ts";

/** Documents named in the log of a publish: the rest is in the manifest. */
export const documentsLogged = 20;

export interface ShardTelemetry {
  readonly shard: ShardName;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function reportPublished(
  { shard, log, metrics }: ShardTelemetry,
  { generation, name }: Pick<Head, "generation" | "name">,
  {
    documents,
    ...fields
  }: Pick<LogFields, "vectors" | "segments" | "overlay_vectors"> & { readonly documents: readonly string[] },
): void {
  log.info("Generation published", {
    shard,
    generation,
    generation_name: name,
    ...fields,
    ...documentKeys(documents),
  });
  metrics.count("GenerationsPublished", 1);
}
