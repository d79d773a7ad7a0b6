import type { ShardName } from "../../../contract/collections.ts";
import { documentKeys, type Log, type LogFields } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import type { Head } from "../generations/head.ts";
import type { Done } from "./cycle-deps.ts";

/** Maximum number of documents in the log of a publish; the manifest lists all of them. */
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

export interface MergedVectors {
  readonly written: number;
  readonly updated: number;
  readonly removed: number;
  /** Vectors of the shard, if known. */
  readonly vectors?: number;
}

/**
 * Call this only after the head has moved: the changes of a failed publish are merged again and would be counted twice.
 */
export function reportMerged(
  { shard, log, metrics }: ShardTelemetry,
  { runs, changeMessages }: Done,
  merged: MergedVectors,
): void {
  log.info("Changes merged", { shard, deltas: runs.size, changes: changeMessages.length, ...merged });
  metrics.count("VectorsWritten", merged.written);
  metrics.count("VectorsUpdated", merged.updated);
  metrics.count("VectorsRemoved", merged.removed);
}
