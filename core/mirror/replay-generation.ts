import type { SinkVector } from "../catchup/index/vector-sink.ts";
import type { StoredVector } from "../collections/chroma/vector-store.ts";
import type { DeltaTarget } from "../collections/merge/check-delta.ts";
import type { PublishedDocument } from "../collections/segments/entry.ts";
import {
  differsByFacts,
  NamedDeltaMissingError,
  vectorsOfEntry,
  withFacts,
} from "../collections/segments/overlay-rows.ts";
import { DeltaUnreadableError, decodeDelta } from "../deltas/codec.ts";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { documentKeys, errorFields } from "../log.ts";
import { batchesOf } from "../resilience/batch.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import type { ChangedDocument } from "./changed-documents.ts";
import { contentHashOf, mirroredVector } from "./mirrored-vector.ts";
import { deleteAll, type MirrorWriteDeps, upsertAll } from "./write-batches.ts";

export interface ReplayDeps extends MirrorWriteDeps {
  readonly target: DeltaTarget;
  readonly deltas: Pick<DeltaStore, "get">;
  /** Called before each step. */
  readonly onStep: (step: string) => void;
}

/** Deltas in memory at a time, as numbers and metadata; their requests take three times as much. */
const maxBytes = 32 * 2 ** 20;
const metadataBytesPerVector = 1_000;
const documentsAtOnce = 16;

interface Work {
  readonly upserts: readonly SinkVector[];
  readonly deletes: readonly string[];
}

/**
 * Writes to the mirror what a generation has changed. Doing it again after a crash between any two requests ends in the
 * same vectors. Resolves to false, and has then written a part at most, if the former vectors of a document are unknown,
 * because its delta is gone.
 */
export async function replayGeneration(
  deps: ReplayDeps,
  changed: readonly ChangedDocument[],
): Promise<boolean> {
  const { target, onStep } = deps;
  const bytesPerVector = target.dimensions * 4 + metadataBytesPerVector;
  const batches = batchesOf(changed, {
    maxCount: changed.length + 1,
    maxBytes,
    bytesOf: ({ after }) => (after?.vectorCount ?? 0) * bytesPerVector,
  });
  for (const batch of batches) {
    onStep("read deltas");
    const work: Work[] = [];
    let isKnown = true;
    await inParallel(batch, documentsAtOnce, async (document) => {
      const found = await workOf(deps, document);
      if (found === undefined) isKnown = false;
      else work.push(found);
    });
    if (!isKnown) return false;
    onStep("write vectors");
    await upsertAll(
      deps,
      work.flatMap(({ upserts }) => upserts),
    );
    onStep("delete vectors");
    await deleteAll(
      deps,
      work.flatMap(({ deletes }) => deletes),
    );
  }
  return true;
}

/** Undefined if the former vectors are unknown. */
async function workOf(deps: ReplayDeps, { key, before, after }: ChangedDocument): Promise<Work | undefined> {
  const former = before === undefined ? [] : await idsOfDelta(deps, before.deltaKey);
  if (former === undefined) return undefined;
  const vectors = after === undefined ? [] : await vectorsOf(deps, key, after);
  const ids = new Set(vectors.map(({ id }) => id));
  const unchanged = unchangedSince(deps, before?.entry, after, vectors);
  return {
    upserts: vectors.flatMap((vector) =>
      unchanged.has(vector.id) ? [] : mirroredVector(vector, after?.runId ?? null, deps.index.limits),
    ),
    deletes: former.filter((id) => !ids.has(id)),
  };
}

/** The vectors of a document; none if its delta cannot be read, as for every reader. */
async function vectorsOf(
  { deltas, target, log }: ReplayDeps,
  key: string,
  entry: PublishedDocument,
): Promise<StoredVector[]> {
  try {
    return await vectorsOfEntry(deltas, target, entry);
  } catch (error) {
    if (!(error instanceof NamedDeltaMissingError)) throw error;
    log.warn("A published delta cannot be read, so its vectors are not in the mirror", {
      ...documentKeys([key]),
      ...errorFields(error),
    });
    return [];
  }
}

/** All ids that a delta has, those of removed parts included. Undefined if the delta is gone. */
async function idsOfDelta(
  { deltas }: ReplayDeps,
  key: string | null,
): Promise<readonly string[] | undefined> {
  const bytes = key === null ? undefined : await deltas.get(key);
  if (bytes === undefined) return undefined;
  try {
    return decodeDelta(bytes).ids;
  } catch (error) {
    if (error instanceof DeltaUnreadableError) return undefined;
    throw error;
  }
}

/** Where only facts have changed, most vectors of a document often do not show them. */
function unchangedSince(
  { target: { collection } }: ReplayDeps,
  before: PublishedDocument | undefined,
  after: PublishedDocument | undefined,
  vectors: readonly StoredVector[],
): ReadonlySet<string> {
  if (before === undefined || after === undefined || !differsByFacts(before, after)) return new Set();
  const former = withFacts(vectors, before.facts, collection);
  const hashes = new Map(former.map((vector) => [vector.id, contentHashOf(vector, before.runId)]));
  const same = vectors.filter((vector) => hashes.get(vector.id) === contentHashOf(vector, after.runId));
  return new Set(same.map(({ id }) => id));
}
