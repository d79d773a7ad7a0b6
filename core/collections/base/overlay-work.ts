import type { Collection } from "../../../contract/collections.ts";
import { deltaKey as keyOfDelta, prefixOfDelta } from "../../deltas/keys.ts";
import type { CurrentItems } from "../../entities/current-items.ts";
import type { ReceiptFacts } from "../../entities/receipt-facts.ts";
import { receiptKey } from "../../receipts/receipt.ts";
import type { CurrentRun } from "../../runs/current-run.ts";
import type { VectorStore } from "../chroma/vector-store.ts";
import type { Merged } from "../merge/merge-receipts.ts";
import type { RunWork, StartedReceipt } from "../messages/receipt-work.ts";
import type { BaseIndex } from "../segments/base-index.ts";
import {
  digestOfState,
  type PublishedReceipt,
  removedPartsOf,
  type SegmentEntry,
} from "../segments/entry.ts";
import type { KnownOfReceipt } from "../segments/next-index.ts";
import type { Overlay } from "../segments/overlay.ts";

/** What goes into the next base: the receipts of a cycle, and those of the segments above the base before. */
export interface OverlayWork {
  readonly items: readonly StartedReceipt[];
  /** Of those that no message of the cycle speaks of. They stay as they are published. */
  readonly isUntouched: (item: StartedReceipt) => boolean;
  /** What the segments know of an untouched receipt, and what the tables know of the others. */
  readonly facts: Pick<CurrentItems, "factsOf">;
}

/** A receipt that is in the segments and in the cycle too is one piece of work. */
export function withOverlay(
  overlay: Overlay,
  receipts: readonly StartedReceipt[],
  items: Pick<CurrentItems, "factsOf">,
): OverlayWork {
  const touched = new Map(receipts.map((one) => [receiptKey(one.receipt), one]));
  const untouched = new Map<StartedReceipt, ReceiptFacts | undefined>();
  for (const [key, entry] of overlay) {
    if (!touched.has(key)) untouched.set(workOf(entry), entry.gone ? undefined : entry.facts);
  }
  const known = new Map<string, ReceiptFacts>();
  for (const [{ receipt }, facts] of untouched) if (facts) known.set(receiptKey(receipt), facts);
  return {
    items: [...receipts.map((one) => overPublished(one, overlay)), ...untouched.keys()],
    isUntouched: (item) => untouched.has(item),
    facts: {
      factsOf: async (receipt, collection) =>
        known.get(receiptKey(receipt)) ?? (await items.factsOf(receipt, collection)),
    },
  };
}

/** The merged database, and what stays above it. */
export interface MergedBase extends Merged {
  readonly store: VectorStore;
  readonly carried: readonly SegmentEntry[];
}

/**
 * What the cycle's own receipts have come to. Of one whose entry stays above the base nothing shows but that entry, so its
 * changes have not been published.
 */
export function ownOf(
  work: OverlayWork,
  receipts: readonly StartedReceipt[],
  merged: Merged,
  overlay: Overlay,
): Omit<MergedBase, "store"> {
  const carried = carriedOver(overlay, merged);
  const hidden = new Set(carried.map(({ receipt }) => receiptKey(receipt)));
  const shown = work.items.filter((item) => !work.isUntouched(item) && !hidden.has(receiptKey(item.receipt)));
  const runs = new Set(receipts.flatMap(({ run }) => run ?? []));
  const keys = new Set(shown.map(({ receipt }) => receiptKey(receipt)));
  const changes = new Set(shown.flatMap(({ changeMessages }) => changeMessages));
  return {
    ...merged,
    runs: new Map([...merged.runs].filter(([run]) => runs.has(run))),
    receipts: merged.receipts.filter((receipt) => keys.has(receiptKey(receipt))),
    changeMessages: merged.changeMessages.filter((message) => changes.has(message)),
    carried,
  };
}

/** Entries of receipts that have not got into the base: they stay above it. */
function carriedOver(overlay: Overlay, { settled }: Pick<Merged, "settled">): SegmentEntry[] {
  const there = new Set(Array.from(settled.keys(), ({ receipt }) => receiptKey(receipt)));
  return [...overlay].flatMap(([key, entry]) => (there.has(key) ? [] : [entry]));
}

/** By receipt key, what the next base holds of the receipts that have got into it. */
export function settledStates(
  collection: Collection,
  { settled }: Pick<Merged, "settled">,
  before: BaseIndex | undefined,
): Map<string, KnownOfReceipt> {
  return new Map(
    Array.from(settled, ([{ receipt, run, current }, facts]) => {
      const key = receiptKey(receipt);
      const runId = run?.run.runId ?? before?.get(key)?.runId ?? null;
      const deltaKey = run ? keyOfDelta(run.deltaPrefix) : (before?.get(key)?.deltaKey ?? null);
      const removed = removedPartsOf(current, collection);
      const digest = runId === null ? null : digestOfState({ runId, facts, removed });
      return [key, { runId, deltaKey, digest }];
    }),
  );
}

/** A change of a receipt whose vectors are not in the base is one of the delta that the segments name. */
function overPublished(one: StartedReceipt, overlay: Overlay): StartedReceipt {
  const entry = overlay.get(receiptKey(one.receipt));
  if (entry === undefined || one.run !== undefined || one.current?.state === "DELETED") return one;
  return entry.gone ? { ...one, current: goneCurrent } : { ...one, run: runOf(entry) };
}

function workOf(entry: SegmentEntry): StartedReceipt {
  const { receipt } = entry;
  const nobody = { receipt, changeMessages: [] };
  // Nothing is read of one that is gone, so that it has to be asked for.
  if (entry.gone) return { ...nobody, run: undefined, current: goneCurrent, isDoubted: true };
  const removed = new Map(entry.removed.map((part) => [part, 0]));
  return { ...nobody, run: runOf(entry), current: { ...asPublished, removed }, isDoubted: false };
}

function runOf({ receipt, runId, deltaKey }: PublishedReceipt): RunWork {
  return { run: { ...receipt, runId }, deltaPrefix: prefixOfDelta(deltaKey), messages: [] };
}

const asPublished: CurrentRun = {
  runId: undefined,
  revision: 0,
  state: "ACTIVE",
  attempt: 0,
  removed: new Map(),
  former: new Map(),
  forgotten: 0,
  expiring: new Map(),
  version: 0,
};
const goneCurrent: CurrentRun = { ...asPublished, state: "DELETED" };
