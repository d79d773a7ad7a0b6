import type { ShardName } from "../../../contract/collections.ts";
import type { Delta } from "../../deltas/delta.ts";
import type { DeltaStore } from "../../deltas/delta-store.ts";
import {
  type CurrentFacts,
  type DocumentFacts,
  type DocumentRef,
  documentModel,
} from "../../documents/documents.ts";
import { errorFields, type Log } from "../../log.ts";
import type { Clock } from "../../resilience/clock.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import type { MergeStore } from "../chroma/vector-store.ts";
import type { QueuedMessage } from "../messages/collection-queue.ts";
import type { RunWork, StartedDocument } from "../messages/document-work.ts";
import { type Applied, applyDeltas } from "./apply-deltas.ts";
import type { DeltaTarget } from "./check-delta.ts";
import { type LoadedDelta, loadDeltas } from "./load-deltas.ts";
import { reconcile, type Truth } from "./reconcile.ts";
import { verifyApplied } from "./verify-applied.ts";

const readsAtOnce = 16;

export interface MergeDeps {
  readonly shard: ShardName;
  /** The collection, with the model and dimensions that its deltas must have. */
  readonly target: DeltaTarget;
  readonly deltas: DeltaStore;
  readonly items: Pick<CurrentFacts, "factsOf">;
  readonly clock: Clock;
  readonly log: Log;
}

/** The result of a merge. All messages that are not listed are redelivered or have failed. */
export interface Merged {
  /** Number of vectors written, of vectors with changed metadata, and of deleted vectors. */
  readonly written: number;
  readonly updated: number;
  readonly removed: number;
  /** Number of vectors of the shard after the merge. */
  readonly count: number;
  /** The number of vectors in each applied run's delta. */
  readonly runs: ReadonlyMap<RunWork, number>;
  /** Runs whose delta cannot be applied, and the reason. */
  readonly mismatched: ReadonlyMap<RunWork, string>;
  /** Documents whose vectors may have changed. */
  readonly documents: readonly DocumentRef[];
  /** Messages of changes that the collection now reflects. */
  readonly changeMessages: readonly QueuedMessage[];
  /** The facts of each document that is fully merged. */
  readonly settled: ReadonlyMap<StartedDocument, DocumentFacts>;
}

/**
 * Applies deltas, then current facts, then deletions, and reads the result back. A bad delta or document is left out
 * without affecting the others. Writes only to the store. Starts no new work after `until`; calls `onVerify` before the
 * vectors are read back. Throws CollectionDivergedError and errors of the store.
 */
export async function mergeDocuments(
  deps: MergeDeps,
  store: MergeStore,
  documents: readonly StartedDocument[],
  until: number,
  onVerify: () => void,
): Promise<Merged> {
  const { shard, target } = deps;
  const loaded = new Map<string, Omit<LoadedDelta, "delta">>();
  const runs = new Map<RunWork, number>();
  const mismatched = new Map<RunWork, string>();

  /** Does not keep the vectors, which together may exceed the memory. */
  async function* load(): AsyncGenerator<Delta> {
    const works = documents.flatMap(({ run }) => run ?? []);
    for await (const one of loadDeltas(deps, works, until)) {
      if ("mismatched" in one) {
        mismatched.set(one.work, one.mismatched);
        continue;
      }
      const { work, delta, facts } = one;
      loaded.set(documentModel.keyOf(work.run), { work, facts });
      runs.set(work, delta.ids.length);
      yield delta;
    }
  }
  const applied = await applyDeltas(store, load());
  const refused = new Map(
    Array.from(applied.refused, ([delta, reason]) => [documentModel.keyOf(delta), reason]),
  );
  for (const [key, { work }] of loaded) {
    const reason = refused.get(key);
    if (reason === undefined) continue;
    loaded.delete(key);
    runs.delete(work);
    mismatched.set(work, reason);
  }

  const factsOf = ({ document }: StartedDocument) => loaded.get(documentModel.keyOf(document))?.facts;
  const due = documents.filter(
    (one) => one.isDoubted || one.changeMessages.length > 0 || (factsOf(one) && mayBeStale(one, applied)),
  );
  const truths = await readTruths(deps, due, factsOf, until);
  const reconciled = await reconcile(store, target.collection, [...truths.values()]);
  onVerify();
  await verifyApplied(store, shard, applied, reconciled);
  const settled = new Map<StartedDocument, DocumentFacts>();
  for (const one of documents) {
    const facts = factsOf(one) ?? (one.run ? undefined : truths.get(one)?.facts);
    if (facts) settled.set(one, facts);
  }
  return {
    written: applied.written,
    updated: reconciled.updated.size,
    removed: applied.removed.length + reconciled.removed.length,
    count: await store.count(),
    runs,
    mismatched,
    documents: documents
      .filter((one) => truths.has(one) || (one.run && runs.has(one.run)))
      .map(({ document }) => document),
    changeMessages: [...truths.keys()].flatMap(({ changeMessages }) => changeMessages),
    settled,
  };
}

/** New vectors already contain the current facts; replaced vectors and removed parts may not. */
function mayBeStale({ document, current }: StartedDocument, { replaced }: Applied): boolean {
  return replaced.has(documentModel.keyOf(document)) || (current?.removed.size ?? 0) > 0;
}

/** Skips a document whose items cannot be read now; its messages are redelivered. */
async function readTruths(
  { items, target, clock, log }: MergeDeps,
  documents: readonly StartedDocument[],
  factsOf: (document: StartedDocument) => DocumentFacts | undefined,
  until: number,
): Promise<Map<StartedDocument, Truth>> {
  const truths = new Map<StartedDocument, Truth>();
  await inParallel(documents, readsAtOnce, async (started) => {
    const { document, current } = started;
    const read = factsOf(started);
    if (read === undefined && clock.now() >= until) return;
    try {
      const facts = read ?? (await items.factsOf(document, target.collection));
      truths.set(started, { document, facts, current });
    } catch (error) {
      log.error(`The items of a ${documentModel.noun} could not be read; its messages are redelivered`, {
        ...documentModel.toStored(document),
        ...errorFields(error),
      });
    }
  });
  return truths;
}
