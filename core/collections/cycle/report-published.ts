import type { ShardName } from "../../../contract/collections.ts";
import type { Log, LogFields } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import type { Head } from "../generations/head.ts";

/** Receipts named in the log of a publish: the rest is in the manifest. */
export const receiptsLogged = 20;

export interface ShardTelemetry {
  readonly shard: ShardName;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function reportPublished(
  { shard, log, metrics }: ShardTelemetry,
  { generation, name }: Pick<Head, "generation" | "name">,
  fields: Pick<LogFields, "vectors" | "receipts" | "segments" | "overlay_vectors">,
): void {
  log.info("Generation published", { shard, generation, generation_name: name, ...fields });
  metrics.count("GenerationsPublished", 1);
}
