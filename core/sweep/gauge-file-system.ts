import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { recordedBytes } from "../collections/generations/stored-bytes.ts";
import type { Metrics } from "../metrics.ts";
import type { ShardName } from "../receipts/shards.ts";

export interface FileSystemGauge {
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly shards: readonly ShardName[];
  /** What the file system is billed for. */
  meteredBytes(): Promise<number>;
  readonly metrics: Metrics;
}

/** How much the file system is billed for, and how much of it no kept generation explains. */
export async function gaugeFileSystem({
  control,
  shards,
  meteredBytes,
  metrics,
}: FileSystemGauge): Promise<void> {
  const [metered, explained] = await Promise.all([meteredBytes(), recordedBytes(control, shards)]);
  metrics.gauge("FileSystemBytes", metered, "Bytes");
  if (explained === undefined) return;
  metrics.gauge("FileSystemBytesUnaccounted", Math.max(0, metered - explained), "Bytes");
}
