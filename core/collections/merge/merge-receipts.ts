import type { ShardName } from "../../../contract/collections.ts";
import type { Delta } from "../../deltas/delta.ts";
import type { DeltaStore } from "../../deltas/delta-store.ts";
import type { CurrentItems } from "../../entities/current-items.ts";
import type { ReceiptFacts } from "../../entities/receipt-facts.ts";
import { errorFields, type Log, receiptFields } from "../../log.ts";
import { type ReceiptRef, receiptKey } from "../../receipts/receipt.ts";
import type { Clock } from "../../resilience/clock.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import type { VectorStore } from "../chroma/vector-store.ts";
import type { QueuedMessage } from "../messages/collection-queue.ts";
import type { RunWork, StartedReceipt } from "../messages/receipt-work.ts";
import { type Applied, applyDeltas } from "./apply-deltas.ts";
import type { DeltaTarget } from "./check-delta.ts";
import { type LoadedDelta, loadDeltas } from "./load-deltas.ts";
import { reconcile, type Truth } from "./reconcile.ts";
import { verifyApplied } from "./verify-applied.ts";

const readsAtOnce = 16;

export interface MergeDeps {
  readonly shard: ShardName;
  /** The collection, and the model and dimensions that its deltas must have. */
  readonly target: DeltaTarget;
  readonly deltas: DeltaStore;
  readonly items: Pick<CurrentItems, "factsOf">;
  readonly clock: Clock;
  readonly log: Log;
}

/** The result of a merge. All other messages are redelivered, or have failed. */
export interface Merged {
  /** Vectors that were written, whose metadata was changed, that were deleted. */
  readonly written: number;
  readonly updated: number;
  readonly removed: number;
  /** Vectors of the shard now. */
  readonly count: number;
  /** Vectors of each applied run's delta. */
  readonly runs: ReadonlyMap<RunWork, number>;
  /** Runs whose delta cannot be applied, and why. */
  readonly mismatched: ReadonlyMap<RunWork, string>;
  /** Receipts whose vectors may have changed. */
  readonly receipts: readonly ReceiptRef[];
  /** Messages of changes that the collection now reflects. */
  readonly changeMessages: readonly QueuedMessage[];
  /** What is known of each receipt that the store holds as it was asked for. */
  readonly settled: ReadonlyMap<StartedReceipt, ReceiptFacts>;
}

/**
 * Applies deltas, then what else is known of the receipts, then deletions, and reads all of it back. A bad delta or
 * receipt is left out alone; nothing is written but to the store. Nothing new is begun after the moment `until`. `onVerify` is told before the reading back.
 * Throws CollectionDivergedError, and what the store throws.
 */
export async function mergeReceipts(
  deps: MergeDeps,
  store: VectorStore,
  receipts: readonly StartedReceipt[],
  until: number,
  onVerify: () => void,
): Promise<Merged> {
  const { shard, target } = deps;
  const loaded = new Map<string, Omit<LoadedDelta, "delta">>();
  const runs = new Map<RunWork, number>();
  const mismatched = new Map<RunWork, string>();

  /** Keeps no vectors: together they may be larger than the memory. */
  async function* load(): AsyncGenerator<Delta> {
    const works = receipts.flatMap(({ run }) => run ?? []);
    for await (const one of loadDeltas(deps, works, until)) {
      if ("mismatched" in one) {
        mismatched.set(one.work, one.mismatched);
        continue;
      }
      const { work, delta, facts } = one;
      loaded.set(receiptKey(work.run), { work, facts });
      runs.set(work, delta.ids.length);
      yield delta;
    }
  }
  const applied = await applyDeltas(store, load());
  for (const [delta, reason] of applied.refused) {
    const key = receiptKey(delta);
    const work = loaded.get(key)?.work;
    loaded.delete(key);
    if (work === undefined) continue;
    runs.delete(work);
    mismatched.set(work, reason);
  }

  const factsOf = ({ receipt }: StartedReceipt) => loaded.get(receiptKey(receipt))?.facts;
  const due = receipts.filter(
    (one) => one.isDoubted || one.changeMessages.length > 0 || (factsOf(one) && mayBeStale(one, applied)),
  );
  const truths = await readTruths(deps, due, factsOf, until);
  const reconciled = await reconcile(store, target.collection, [...truths.values()]);
  onVerify();
  await verifyApplied(store, shard, applied, reconciled);
  const settled = new Map<StartedReceipt, ReceiptFacts>();
  for (const one of receipts) {
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
    receipts: receipts
      .filter((one) => truths.has(one) || (one.run && runs.has(one.run)))
      .map(({ receipt }) => receipt),
    changeMessages: [...truths.keys()].flatMap(({ changeMessages }) => changeMessages),
    settled,
  };
}

/** New vectors show what is known already; those that were there before, or are removed, may not. */
function mayBeStale({ receipt, current }: StartedReceipt, { replaced }: Applied): boolean {
  return replaced.has(receiptKey(receipt)) || (current?.removed.size ?? 0) > 0;
}

/** A receipt whose items cannot be read now is left out: its messages are redelivered. */
async function readTruths(
  { items, target, clock, log }: MergeDeps,
  receipts: readonly StartedReceipt[],
  factsOf: (receipt: StartedReceipt) => ReceiptFacts | undefined,
  until: number,
): Promise<Map<StartedReceipt, Truth>> {
  const truths = new Map<StartedReceipt, Truth>();
  await inParallel(receipts, readsAtOnce, async (started) => {
    const { receipt, current } = started;
    const read = factsOf(started);
    if (read === undefined && clock.now() >= until) return;
    try {
      const facts = read ?? (await items.factsOf(receipt, target.collection));
      truths.set(started, { receipt, facts, current });
    } catch (error) {
      log.error("A receipt's items could not be read; its messages are redelivered", {
        ...receiptFields(receipt),
        ...errorFields(error),
      });
    }
  });
  return truths;
}
