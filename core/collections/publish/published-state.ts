import type { ShardName } from "../../../contract/collections.ts";
import { errorFields, type Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import { GenerationCorruptError, type GenerationReader } from "../generations/generation-reader.ts";
import { type Head, isJustPublished } from "../generations/head.ts";
import type { SegmentRef } from "../generations/manifest.ts";
import { CollectionOfOtherModelError } from "../generations/other-model-error.ts";
import type { DeltaTarget } from "../merge/check-delta.ts";
import type { BaseIndex } from "../segments/base-index.ts";
import type { Overlay } from "../segments/overlay.ts";

/** The part of a shard's published state that a publish needs. It includes no vectors and opens no database. */
export interface PublishedState {
  readonly database: string | null;
  /** Number of vectors in the database. */
  readonly databaseCount: number;
  readonly index: BaseIndex;
  /** The segments, oldest first, and their combined entries. */
  readonly segments: readonly SegmentRef[];
  readonly overlay: Overlay;
}

export interface PublishedStateDeps {
  readonly shard: ShardName;
  readonly target: DeltaTarget;
  readonly generations: GenerationReader;
  readonly log: Log;
  readonly metrics: Metrics;
}

const nothing: PublishedState = {
  database: null,
  databaseCount: 0,
  index: new Map(),
  segments: [],
  overlay: new Map(),
};

/**
 * Reads the published state of the head. Resolves to undefined if no segment can be published above it, because its
 * files are missing or corrupt or it has no index. Throws CollectionOfOtherModelError.
 */
export async function openPublished(
  { shard, target, generations, log }: PublishedStateDeps,
  head: Head | undefined,
): Promise<PublishedState | undefined> {
  if (head === undefined) return nothing;
  // A head that was just published may not be visible yet, so it is waited for.
  if (!isJustPublished(head) && !(await generations.isWhole(head.name))) return undefined;
  try {
    const manifest = await generations.manifest(head.name);
    const isOlder = manifest.database !== null && manifest.database !== head.name;
    if (isOlder && !(await generations.isWhole(manifest.database))) return undefined;
    requireModel(shard, manifest, target);
    const index = await generations.indexOf(manifest);
    if (index === undefined) return undefined;
    const { database, database_count: databaseCount, segments } = manifest;
    return { database, databaseCount, index, segments, overlay: await generations.overlayOf(manifest) };
  } catch (error) {
    if (!(error instanceof GenerationCorruptError)) throw error;
    log.error("Nothing can be published above the head", {
      shard,
      generation_name: head.name,
      ...errorFields(error),
    });
    return undefined;
  }
}

function requireModel(
  shard: ShardName,
  made: { model: string; dimensions: number },
  target: DeltaTarget,
): void {
  const text = ({ model, dimensions }: typeof made) => `${model} with ${dimensions} dimensions`;
  if (text(made) !== text(target)) throw new CollectionOfOtherModelError(shard, text(made), text(target));
}
