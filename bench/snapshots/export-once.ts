import { createWriteStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { silentLog } from "../../core/log.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { exportSnapshot } from "../../core/snapshots/export-snapshot.ts";
import { packed } from "../../core/snapshots/snapshot-archive.ts";
import { SnapshotStore } from "../../core/snapshots/snapshot-store.ts";
import { FolderDeltaStore } from "../contenders/folder-delta-store.ts";
import { PeakMemory } from "../peak-memory.ts";
import { dimensions, model } from "../surroundings.ts";
import { clientOptions, memoryMiB, type Orders, type Outcome } from "./orders.ts";

/** Lambda's maximum. */
const maxExportMs = 900_000;

async function exported(orders: Extract<Orders, { way: "export" }>): Promise<void> {
  const { collection, url, objectsUrl, controlTable, bucket, deltas, ...files } = orders;
  const s3 = new S3Client(clientOptions(objectsUrl));
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientOptions(url)));
  const outcome = await exportSnapshot(
    {
      ...files,
      collection,
      shards: [collection],
      target: { model, dimensions },
      control: { client, controlTable },
      deltas: new FolderDeltaStore(deltas),
      memoryMiB,
      store: new SnapshotStore(s3, bucket, `${collection}/`),
      kept: 1,
      clock: monotonicClock,
      now: Date.now,
      log: silentLog,
      onStep: () => undefined,
    },
    monotonicClock.now() + maxExportMs,
  );
  if (outcome.state !== "written") throw new Error(`The export ended as ${outcome.state}.`);
}

async function bare({ folder, file }: Extract<Orders, { way: "bare" }>): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
  await pipeline([...packed(folder, paths, "bare"), createWriteStream(file)]);
}

process.once("message", async (orders: Orders) => {
  const memory = new PeakMemory();
  const began = performance.now();
  await (orders.way === "export" ? exported(orders) : bare(orders));
  const seconds = (performance.now() - began) / 1_000;
  memory.stop();
  process.send?.({ seconds, peakMiB: memory.together / 1024 ** 2 } satisfies Outcome);
});
