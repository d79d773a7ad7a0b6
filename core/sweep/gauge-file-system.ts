import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../contract/collections.ts";
import { recordedBytes } from "../collections/generations/stored-bytes.ts";
import type { Metrics } from "../metrics.ts";

export interface FileSystemGauge {
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly shards: readonly ShardName[];
  /** The billed size of the file system. */
  meteredBytes(): Promise<number>;
  readonly metrics: Metrics;
}

/** Records the billed size of the file system, and the part of it that belongs to no kept generation. */
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
