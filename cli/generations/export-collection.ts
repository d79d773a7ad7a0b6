import { S3Client } from "@aws-sdk/client-s3";
import type { Collection } from "../../contract/collections.ts";
import { copySnapshot } from "../../core/snapshots/copy-snapshot.ts";
import type { SnapshotManifest } from "../../core/snapshots/snapshot-manifest.ts";
import { snapshotAnswer } from "../../core/snapshots/snapshot-request.ts";
import { SnapshotStore } from "../../core/snapshots/snapshot-store.ts";
import { unpackSnapshot } from "../../core/snapshots/unpack-snapshot.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import { invokeFunction } from "../invoke-function.ts";
import { progressBar } from "../progress-bar.ts";
import type { Screen } from "../screen.ts";
import type { StackOutputs } from "../target.ts";
import type { ExportTarget } from "./export-target.ts";

const lookEveryMs = 1_000;
/** The number of snapshots that are kept in the caller's bucket. */
const keptThere = 3;

/** The collection has nothing to export. */
export class NothingToExportError extends VectorkeepError {
  constructor(collection: Collection) {
    super(
      `Nothing of ${collection} is published.`,
      "Export it when `npm run generations` lists a generation.",
    );
  }
}

export interface ExportedCollection {
  readonly manifest: SnapshotManifest;
  /** The place where readers find the snapshot. */
  readonly at: string;
}

/**
 * Makes the stack write a snapshot of a collection, unless its newest one is up to date. Copies or unpacks the snapshot
 * with the caller's permissions. Throws NothingToExportError, SnapshotCorruptError and SnapshotFolderTakenError.
 */
export async function exportCollection(
  outputs: StackOutputs,
  collection: Collection,
  target: ExportTarget,
  screen: Screen,
): Promise<ExportedCollection> {
  const answer = await whileWaiting(screen, `Exporting ${collection}`, () =>
    invokeFunction(outputs.functions.exportSnapshot, { collection }, snapshotAnswer),
  );
  if (answer.state === "nothing") throw new NothingToExportError(collection);
  const s3 = new S3Client({});
  const from = new SnapshotStore(s3, outputs.snapshotsBucket, `${collection}/`);
  const manifest = await from.manifestOf(answer.latest);
  const of = manifest.archive.bytes;
  const onBytes = (bytes: number) => {
    const line = `Copying ${collection}: ${megabytes(bytes)} of ${megabytes(of)} MB`;
    screen.status([`${progressBar(bytes, of)} ${line}`], line);
  };
  if (target.kind === "folder") {
    const at = await unpackSnapshot({ from, onBytes }, answer.latest, manifest, target.path);
    return { manifest, at };
  }
  const to = new SnapshotStore(s3, target.bucket, `${target.prefix}${collection}/`);
  const latest = await copySnapshot({ from, to, kept: keptThere, onBytes }, answer.latest, manifest);
  return { manifest: await to.manifestOf(latest), at: to.urlOf(latest.archive) };
}

/** Shows the elapsed time while the work runs. */
async function whileWaiting<T>(screen: Screen, what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const timer = setInterval(() => {
    const line = `${what}: ${Math.round((performance.now() - began) / 1000)} s`;
    screen.status([line], line);
  }, lookEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
