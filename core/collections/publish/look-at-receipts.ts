import type { DeltaStore } from "../../deltas/delta-store.ts";
import { type DeltaName, deltaKey, deltaPrefix, prefixOfDelta } from "../../deltas/keys.ts";
import type { CurrentItems } from "../../entities/current-items.ts";
import type { ReceiptFacts } from "../../entities/receipt-facts.ts";
import { errorFields, type Log, receiptFields } from "../../log.ts";
import { type ReceiptRef, receiptKey } from "../../receipts/receipt.ts";
import type { Clock } from "../../resilience/clock.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import type { CurrentRun } from "../../runs/current-run.ts";
import type { RunStore } from "../../runs/run-store.ts";
import type { DeltaTarget } from "../merge/check-delta.ts";
import { readDelta } from "../merge/load-deltas.ts";
import type { RunWork, StartedReceipt } from "../messages/receipt-work.ts";
import {
  digestOfState,
  type PublishedReceipt,
  removedPartsOf,
  rowsOf,
  type SegmentEntry,
} from "../segments/entry.ts";
import { vectorsIn } from "../segments/overlay.ts";
import type { PublishedState } from "./published-state.ts";

const receiptsAtOnce = 16;

export interface LookDeps {
  readonly target: DeltaTarget;
  readonly deltas: Pick<DeltaStore, "get">;
  readonly items: Pick<CurrentItems, "factsOf">;
  readonly runs: Pick<RunStore, "find">;
  readonly clock: Clock;
  readonly log: Log;
}

export interface LookBounds {
  /** Above the base, those that are there already included: new ones beyond it wait for a fold. */
  readonly maxVectors: number;
  /** A moment of the clock: nothing new is begun after it. */
  readonly until: number;
}

/** A receipt that is published as it is now, once its entry is. */
export interface LookedReceipt {
  readonly one: StartedReceipt;
  /** Undefined where that is published already. */
  readonly entry: SegmentEntry | undefined;
  /** Of its run, where its delta is published again. */
  readonly deltaVectors: number | undefined;
  /** Vectors that a change takes away: of a receipt, line or word that was removed. */
  readonly removedVectors: number;
}

export interface Looked {
  readonly receipts: readonly LookedReceipt[];
  /** Runs whose delta cannot be published, and why. */
  readonly mismatched: ReadonlyMap<RunWork, string>;
  /** Receipts whose change can be shown by nothing that is stored, and why. */
  readonly unshowable: ReadonlyMap<StartedReceipt, string>;
  /** Receipts whose vectors are in the base alone: a fold has to bring them to what is known. */
  readonly inBaseAlone: readonly ReceiptRef[];
  /** New receipts for which there is no room above the base. */
  readonly heldBack: readonly StartedReceipt[];
}

/** What is published of a receipt before: of its delta at least where it is. */
interface Before {
  readonly runId: string | null;
  readonly deltaKey: string | null;
  readonly digest: string | null;
  readonly vectorCount: number;
}

/** The delta of which a receipt is published cannot be read. */
class SourceUnreadableError extends Error {
  override readonly name = "SourceUnreadableError";
}

/**
 * What the receipts are now, as entries of a segment. A receipt that is so already has none. A bad delta or receipt is left
 * out alone, and so is what has no room or cannot be said by a segment.
 */
export async function lookAtReceipts(
  deps: LookDeps,
  published: PublishedState,
  receipts: readonly StartedReceipt[],
  bounds: LookBounds,
): Promise<Looked> {
  const look = new Look(deps, published, bounds);
  await inParallel(receipts, receiptsAtOnce, (one) => look.at(one));
  return look;
}

class Look implements Looked {
  readonly receipts: LookedReceipt[] = [];
  readonly mismatched = new Map<RunWork, string>();
  readonly unshowable = new Map<StartedReceipt, string>();
  readonly inBaseAlone: ReceiptRef[] = [];
  readonly heldBack: StartedReceipt[] = [];
  readonly #deps: LookDeps;
  readonly #published: PublishedState;
  readonly #bounds: LookBounds;
  /** Above the base, once all of this is published. */
  #vectors: number;

  constructor(deps: LookDeps, published: PublishedState, bounds: LookBounds) {
    this.#deps = deps;
    this.#published = published;
    this.#bounds = bounds;
    this.#vectors = vectorsIn(published.overlay);
  }

  async at(one: StartedReceipt): Promise<void> {
    const { clock, log } = this.#deps;
    if (clock.now() >= this.#bounds.until) return;
    try {
      if (one.run === undefined || !(await this.#newRun(one, one.run))) await this.#change(one);
    } catch (error) {
      if (error instanceof SourceUnreadableError) return this.#takeUnreadable(one, error);
      log.error("A receipt could not be read; its messages are redelivered", {
        ...receiptFields(one.receipt),
        ...errorFields(error),
      });
    }
  }

  /** False where the delta of the run cannot be used. */
  async #newRun(one: StartedReceipt, run: RunWork): Promise<boolean> {
    const { deltas, items, target } = this.#deps;
    const key = deltaKey(run.deltaPrefix);
    const [bytes, facts] = await Promise.all([
      deltas.get(key),
      items.factsOf(one.receipt, target.collection),
    ]);
    const delta = readDelta(target, run, bytes);
    if (typeof delta === "string") {
      this.mismatched.set(run, delta);
      return false;
    }
    if (!this.#hasRoomFor(one.receipt, delta.ids.length)) {
      this.heldBack.push(one);
      return true;
    }
    this.#take(one, this.#entry(one, { runId: run.run.runId, key, facts }, delta), delta.ids.length);
    return true;
  }

  async #change(one: StartedReceipt): Promise<void> {
    if (one.changeMessages.length === 0) return;
    const { receipt, current, isDoubted } = one;
    const before = this.#before(receipt);
    if (current?.state === "DELETED") {
      const isThere = before !== undefined || isDoubted;
      this.#take(one, isThere ? { receipt, gone: true } : undefined);
    } else {
      this.#take(one, before && (await this.#changed(one, before)));
    }
  }

  /** Undefined where it shows what is known already. */
  async #changed(one: StartedReceipt, before: Before): Promise<SegmentEntry | undefined> {
    const { items, target, deltas } = this.#deps;
    const { receipt, current, isDoubted } = one;
    const facts = await items.factsOf(receipt, target.collection);
    const source = await this.#sourceOf(receipt, current, before);
    const removed = removedPartsOf(current, target.collection);
    if (!isDoubted && digestOfState({ runId: source.runId, facts, removed }) === before.digest) {
      return undefined;
    }
    const run = { run: { ...receipt, runId: source.runId }, deltaPrefix: prefixOfDelta(source.key) };
    const delta = readDelta(target, run, await deltas.get(source.key));
    if (typeof delta === "string") throw new SourceUnreadableError(delta);
    return this.#entry(one, { ...source, facts }, delta);
  }

  /** The run that is published. A base that is older than index files does not say which one: only the tables do. */
  async #sourceOf(receipt: ReceiptRef, current: CurrentRun | undefined, before: Before) {
    const { runs, target } = this.#deps;
    const { collection } = target;
    if (before.runId !== null) {
      const { runId } = before;
      return { runId, key: before.deltaKey ?? keyOf({ ...receipt, collection, runId }) };
    }
    const runId = current?.runId;
    const run = runId === undefined ? undefined : await runs.find({ ...receipt, runId });
    const half = run?.halves[collection];
    if (run === undefined || half?.state !== "COMPLETED" || run.attempts < (current?.attempt ?? 0)) {
      throw new SourceUnreadableError("Nothing says which run of the receipt is published.");
    }
    return { runId: run.runId, key: deltaKey(half.deltaPrefix) };
  }

  #entry(
    { receipt, current }: StartedReceipt,
    { runId, key, facts }: { readonly runId: string; readonly key: string; readonly facts: ReceiptFacts },
    delta: Parameters<typeof rowsOf>[0],
  ): PublishedReceipt {
    const removed = removedPartsOf(current, this.#deps.target.collection);
    const vectorCount =
      removed.length === 0 ? delta.ids.length : rowsOf(delta, { facts, removed }).ids.length;
    const digest = digestOfState({ runId, facts, removed });
    return { receipt, gone: false, runId, deltaKey: key, vectorCount, removed, facts, digest };
  }

  #take(one: StartedReceipt, entry: SegmentEntry | undefined, deltaVectors?: number): void {
    const left = vectorsOf(entry);
    const before = this.#before(one.receipt)?.vectorCount ?? 0;
    const isRemoval = entry !== undefined && deltaVectors === undefined;
    const removedVectors = isRemoval ? Math.max(0, before - left) : 0;
    this.receipts.push({ one, entry, deltaVectors, removedVectors });
    this.#vectors += left;
    if (entry) this.#vectors -= vectorsOf(this.#published.overlay.get(receiptKey(one.receipt)));
  }

  /** One that is larger than all the room there is goes alone. */
  #hasRoomFor(receipt: ReceiptRef, vectors: number): boolean {
    const before = vectorsOf(this.#published.overlay.get(receiptKey(receipt)));
    return this.#vectors === 0 || before > 0 || this.#vectors + vectors <= this.#bounds.maxVectors;
  }

  /**
   * Vectors that are in the base are still there for a fold. Where the run is not known, its own message is under way, or it
   * never was: then nothing can be said of the receipt before it is exported again.
   */
  #takeUnreadable(one: StartedReceipt, { message }: SourceUnreadableError): void {
    const key = receiptKey(one.receipt);
    const indexed = this.#published.index.get(key);
    if (!this.#published.overlay.has(key) && indexed?.runId != null) this.inBaseAlone.push(one.receipt);
    else this.unshowable.set(one, message);
  }

  /** Undefined where the receipt has no vectors. */
  #before(receipt: ReceiptRef): Before | undefined {
    const key = receiptKey(receipt);
    const entry = this.#published.overlay.get(key);
    if (entry === undefined) return this.#published.index.get(key);
    return entry.gone ? undefined : entry;
  }
}

function keyOf(name: DeltaName): string {
  return deltaKey(deltaPrefix(name));
}

function vectorsOf(entry: SegmentEntry | undefined): number {
  return entry === undefined || entry.gone ? 0 : entry.vectorCount;
}
