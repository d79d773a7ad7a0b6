import { DeltaUnreadable, decodeDelta } from "../deltas/codec.ts";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { deltaKey, deltaPrefix } from "../deltas/keys.ts";
import type { Log } from "../log.ts";
import { type Collection, collections } from "../receipts/receipt.ts";
import type { RunRef } from "../runs/run-store.ts";

interface StoredDeltaServices {
  readonly deltas: DeltaStore;
  readonly log: Log;
}

/** The collections whose delta is not in storage yet (F12): a readable one was paid for and is reused. */
export async function withoutStoredDeltas<Planned>(
  run: RunRef,
  planned: Readonly<Record<Collection, Planned>>,
  services: StoredDeltaServices,
): Promise<Partial<Record<Collection, Planned>>> {
  const stored = await Promise.all(collections.map((collection) => isStored(run, collection, services)));
  const missing = collections.filter((_, index) => !stored[index]);
  return Object.fromEntries(missing.map((collection) => [collection, planned[collection]]));
}

/** Whether both deltas of a run are in storage, readable. */
export async function areStored(run: RunRef, services: StoredDeltaServices): Promise<boolean> {
  const stored = await Promise.all(collections.map((collection) => isStored(run, collection, services)));
  return stored.every(Boolean);
}

async function isStored(
  run: RunRef,
  collection: Collection,
  { deltas, log }: StoredDeltaServices,
): Promise<boolean> {
  const key = deltaKey(deltaPrefix({ collection, ...run }));
  const bytes = await deltas.get(key);
  if (!bytes) return false;
  try {
    const delta = decodeDelta(bytes);
    return delta.runId === run.runId && delta.collection === collection;
  } catch (error) {
    if (!(error instanceof DeltaUnreadable)) throw error;
    log.warn("A stored delta is unreadable and is written anew.", { key, reason: error.message });
    return false;
  }
}
