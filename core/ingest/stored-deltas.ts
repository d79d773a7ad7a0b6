import { type Collection, collections } from "../../contract/collections.ts";
import { DeltaUnreadableError, decodeDelta } from "../deltas/codec.ts";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { deltaKey, deltaPrefix, isSameDelta } from "../deltas/keys.ts";
import { errorFields, type Log, runFields } from "../log.ts";
import type { RunRef } from "../runs/run-store.ts";

interface StoredDeltaDeps {
  readonly deltas: DeltaStore;
  readonly log: Log;
}

/** The remaining work of a run after an earlier attempt. */
export interface StillPlanned<Planned> {
  /** Vectors of the collections without a stored delta (F12); a readable delta is reused. */
  readonly vectors: Partial<Record<Collection, readonly Planned[]>>;
  /** Vectors that a stored delta omits because the provider refused their text. */
  readonly refused: readonly (Planned & { readonly collection: Collection })[];
}

export async function withoutStoredDeltas<Planned extends { readonly id: string }>(
  run: RunRef,
  planned: Readonly<Record<Collection, readonly Planned[]>>,
  deps: StoredDeltaDeps,
): Promise<StillPlanned<Planned>> {
  const stored = await Promise.all(collections.map((collection) => storedIds(run, collection, deps)));
  const vectors: Partial<Record<Collection, readonly Planned[]>> = {};
  const refused: (Planned & { readonly collection: Collection })[] = [];
  collections.forEach((collection, index) => {
    const ids = stored[index];
    if (ids === undefined) vectors[collection] = planned[collection];
    else
      refused.push(
        ...planned[collection].filter(({ id }) => !ids.has(id)).map((one) => ({ ...one, collection })),
      );
  });
  return { vectors, refused };
}

/** Whether both deltas of a run are stored and readable. */
export async function areStored(run: RunRef, deps: StoredDeltaDeps): Promise<boolean> {
  const stored = await Promise.all(collections.map((collection) => storedIds(run, collection, deps)));
  return stored.every((ids) => ids !== undefined);
}

/** The ids of the run's delta; undefined if no readable one is stored. */
async function storedIds(
  run: RunRef,
  collection: Collection,
  { deltas, log }: StoredDeltaDeps,
): Promise<ReadonlySet<string> | undefined> {
  const key = deltaKey(deltaPrefix({ collection, ...run }));
  const bytes = await deltas.get(key);
  if (!bytes) return undefined;
  try {
    const delta = decodeDelta(bytes);
    if (isSameDelta(delta, { ...run, collection })) return new Set(delta.ids);
    log.warn("A stored delta belongs to another run and is replaced", { ...runFields(run), collection, key });
    return undefined;
  } catch (error) {
    if (!(error instanceof DeltaUnreadableError)) throw error;
    log.warn("A stored delta is unreadable and is replaced", {
      ...runFields(run),
      collection,
      key,
      ...errorFields(error),
    });
    return undefined;
  }
}
