import { DeltaUnreadableError, decodeDelta } from "../deltas/codec.ts";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { deltaKey, deltaPrefix, isSameDelta } from "../deltas/keys.ts";
import { errorFields, type Log, runFields } from "../log.ts";
import { type Collection, collections } from "../receipts/receipt.ts";
import type { RunRef } from "../runs/run-store.ts";

interface StoredDeltaDeps {
  readonly deltas: DeltaStore;
  readonly log: Log;
}

/** What an earlier attempt at a run has left to do. */
export interface StillPlanned<Planned> {
  /** Of the collections whose delta is not in storage yet (F12): a readable one was paid for and is reused. */
  readonly vectors: Partial<Record<Collection, readonly Planned[]>>;
  /** Those that a stored delta leaves out: the provider refused them then. */
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

/** Whether both deltas of a run are in storage, readable. */
export async function areStored(run: RunRef, deps: StoredDeltaDeps): Promise<boolean> {
  const stored = await Promise.all(collections.map((collection) => storedIds(run, collection, deps)));
  return stored.every((ids) => ids !== undefined);
}

/** The ids of the run's delta; undefined where no readable one is stored. */
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
