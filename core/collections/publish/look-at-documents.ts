import { isDeepStrictEqual } from "node:util";
import type { DeltaStore } from "../../deltas/delta-store.ts";
import { type DeltaName, deltaKey, deltaPrefix, prefixOfDelta } from "../../deltas/keys.ts";
import {
  type CurrentFacts,
  type DocumentFacts,
  type DocumentRef,
  documentModel,
} from "../../documents/documents.ts";
import { errorFields, type Log } from "../../log.ts";
import type { Clock } from "../../resilience/clock.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import type { CurrentRun } from "../../runs/current-run.ts";
import type { RunStore } from "../../runs/run-store.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import type { DeltaTarget } from "../merge/check-delta.ts";
import { readDelta } from "../merge/load-deltas.ts";
import type { RunWork, StartedDocument } from "../messages/document-work.ts";
import {
  digestOfState,
  type PublishedDocument,
  removedPartsOf,
  rowsOf,
  type SegmentEntry,
} from "../segments/entry.ts";
import { vectorsIn } from "../segments/overlay.ts";
import { maxVectorsWithChanges } from "./overlay-room.ts";
import type { PublishedState } from "./published-state.ts";

const documentsAtOnce = 16;

export interface LookDeps {
  readonly target: DeltaTarget;
  readonly deltas: Pick<DeltaStore, "get" | "has">;
  readonly items: Pick<CurrentFacts, "factsOf">;
  readonly runs: Pick<RunStore, "find">;
  readonly clock: Clock;
  readonly log: Log;
}

export interface LookBounds {
  /** Vectors above the base, including those already there, beyond which new documents wait for a fold. */
  readonly maxVectors: number;
  /** Time (of the clock) after which no document is started. */
  readonly until: number;
}

/** A document that is up to date once its entry is published. */
export interface LookedDocument {
  readonly one: StartedDocument;
  /** Undefined if the published state is current. */
  readonly entry: SegmentEntry | undefined;
  /** Number of vectors of its delta, if the delta is published as a new one. */
  readonly deltaVectors: number | undefined;
  /** Number of vectors that a removal deletes, of a whole document or of its parts. */
  readonly removedVectors: number;
}

export interface Looked {
  readonly documents: readonly LookedDocument[];
  /** Runs whose delta cannot be published, and the reason. */
  readonly mismatched: ReadonlyMap<RunWork, string>;
  /** Documents whose changes cannot be published, because nothing stored has their vectors, and the reason. */
  readonly unshowable: ReadonlyMap<StartedDocument, string>;
  /** Documents whose vectors only the base has, so a fold must bring them up to date. */
  readonly inBaseAlone: readonly DocumentRef[];
  /** Documents for which there is no room above the base. */
  readonly heldBack: readonly StartedDocument[];
}

/** What is published of a document so far. */
interface Before {
  readonly runId: string | null;
  readonly deltaKey: string | null;
  readonly digest: string | null;
  readonly vectorCount: number;
}

/** The delta of a published document cannot be read. */
class SourceUnreadableError extends VectorkeepError {
  readonly reason: string;

  constructor(reason: string) {
    super(
      `The published delta of a document cannot be read: ${reason}`,
      "The next fold rebuilds the document.",
    );
    this.reason = reason;
  }
}

/**
 * Computes the current state of the documents as segment entries. A document whose published state is current has no
 * entry. Bad deltas and documents are left out without affecting the others, and so are documents without room and
 * changes that a segment cannot express.
 */
export async function lookAtDocuments(
  deps: LookDeps,
  published: PublishedState,
  documents: readonly StartedDocument[],
  bounds: LookBounds,
): Promise<Looked> {
  const look = new Look(deps, published, bounds);
  await inParallel(documents, documentsAtOnce, (one) => look.at(one));
  return look;
}

class Look implements Looked {
  readonly documents: LookedDocument[] = [];
  readonly mismatched = new Map<RunWork, string>();
  readonly unshowable = new Map<StartedDocument, string>();
  readonly inBaseAlone: DocumentRef[] = [];
  readonly heldBack: StartedDocument[] = [];
  readonly #deps: LookDeps;
  readonly #published: PublishedState;
  readonly #bounds: LookBounds;
  /** Vectors above the base, assuming that all entries so far are published. */
  #vectors: number;

  constructor(deps: LookDeps, published: PublishedState, bounds: LookBounds) {
    this.#deps = deps;
    this.#published = published;
    this.#bounds = bounds;
    this.#vectors = vectorsIn(published.overlay);
  }

  async at(one: StartedDocument): Promise<void> {
    const { clock, log } = this.#deps;
    if (clock.now() >= this.#bounds.until) return;
    try {
      if (one.run === undefined || !(await this.#newRun(one, one.run))) await this.#change(one);
    } catch (error) {
      if (error instanceof SourceUnreadableError) return this.#takeUnreadable(one, error);
      log.error(`A ${documentModel.noun} could not be read; its messages are redelivered`, {
        ...documentModel.toStored(one.document),
        ...errorFields(error),
      });
    }
  }

  /** Resolves to false if the run's delta cannot be used. */
  async #newRun(one: StartedDocument, run: RunWork): Promise<boolean> {
    const { deltas, items, target } = this.#deps;
    const key = deltaKey(run.deltaPrefix);
    const [bytes, facts] = await Promise.all([
      deltas.get(key),
      items.factsOf(one.document, target.collection),
    ]);
    const delta = readDelta(target, run, bytes);
    if (typeof delta === "string") {
      this.mismatched.set(run, delta);
      return false;
    }
    if (!this.#hasRoomFor(one.document, delta.ids.length, this.#bounds.maxVectors)) {
      this.heldBack.push(one);
      return true;
    }
    this.#take(one, this.#entry(one, { runId: run.run.runId, key, facts }, delta), delta.ids.length);
    return true;
  }

  async #change(one: StartedDocument): Promise<void> {
    if (one.changeMessages.length === 0) return;
    const { document, current, isDoubted } = one;
    const before = this.#before(document);
    if (current?.state === "DELETED") {
      const isThere = before !== undefined || isDoubted;
      this.#take(one, isThere ? { document, gone: true } : undefined);
    } else {
      const entry = before && (await this.#changed(one, before));
      const maxVectors = maxVectorsWithChanges(this.#bounds.maxVectors);
      if (entry !== undefined && !this.#hasRoomFor(document, vectorsOf(entry), maxVectors)) {
        this.heldBack.push(one);
        return;
      }
      this.#take(one, entry);
    }
  }

  /** Resolves to undefined if the published state is current. */
  async #changed(one: StartedDocument, before: Before): Promise<SegmentEntry | undefined> {
    const { items, target, deltas } = this.#deps;
    const { document, current, isDoubted } = one;
    const facts = await items.factsOf(document, target.collection);
    const source = await this.#sourceOf(document, current, before);
    const removed = removedPartsOf(current, target.collection);
    if (!isDoubted && digestOfState({ runId: source.runId, facts, removed }) === before.digest) {
      return undefined;
    }
    const shown = this.#published.overlay.get(documentModel.keyOf(document));
    // The delta was read and checked when it was published, and only the facts have changed.
    if (!isDoubted && shown?.gone === false && isDeepStrictEqual(shown.removed, removed)) {
      if (!(await deltas.has(source.key))) throw new SourceUnreadableError("The delta is not in storage.");
      return { ...shown, facts, digest: digestOfState({ runId: source.runId, facts, removed }) };
    }
    const run = { run: { ...document, runId: source.runId }, deltaPrefix: prefixOfDelta(source.key) };
    const delta = readDelta(target, run, await deltas.get(source.key));
    if (typeof delta === "string") throw new SourceUnreadableError(delta);
    return this.#entry(one, { ...source, facts }, delta);
  }

  /**
   * The published run. A base written before index files existed does not record it, so it is looked up in the tables.
   */
  async #sourceOf(document: DocumentRef, current: CurrentRun | undefined, before: Before) {
    const { runs, target } = this.#deps;
    const { collection } = target;
    if (before.runId !== null) {
      const { runId } = before;
      return { runId, key: before.deltaKey ?? keyOf({ ...document, collection, runId }) };
    }
    const runId = current?.runId;
    const run = runId === undefined ? undefined : await runs.find({ ...document, runId });
    const half = run?.halves[collection];
    if (run === undefined || half?.state !== "COMPLETED" || run.attempts < (current?.attempt ?? 0)) {
      throw new SourceUnreadableError(`It is unknown which run of the ${documentModel.noun} is published.`);
    }
    return { runId: run.runId, key: deltaKey(half.deltaPrefix) };
  }

  #entry(
    { document, current }: StartedDocument,
    { runId, key, facts }: { readonly runId: string; readonly key: string; readonly facts: DocumentFacts },
    delta: Parameters<typeof rowsOf>[0],
  ): PublishedDocument {
    const removed = removedPartsOf(current, this.#deps.target.collection);
    const vectorCount =
      removed.length === 0 ? delta.ids.length : rowsOf(delta, { facts, removed }).ids.length;
    const digest = digestOfState({ runId, facts, removed });
    return { document, gone: false, runId, deltaKey: key, vectorCount, removed, facts, digest };
  }

  #take(one: StartedDocument, entry: SegmentEntry | undefined, deltaVectors?: number): void {
    const left = vectorsOf(entry);
    const before = this.#before(one.document)?.vectorCount ?? 0;
    const isRemoval = entry !== undefined && deltaVectors === undefined;
    const removedVectors = isRemoval ? Math.max(0, before - left) : 0;
    this.documents.push({ one, entry, deltaVectors, removedVectors });
    this.#vectors += left;
    if (entry) this.#vectors -= vectorsOf(this.#published.overlay.get(documentModel.keyOf(one.document)));
  }

  /** A document larger than the whole limit has room if the overlay is empty. */
  #hasRoomFor(document: DocumentRef, vectors: number, maxVectors: number): boolean {
    const before = vectorsOf(this.#published.overlay.get(documentModel.keyOf(document)));
    return this.#vectors === 0 || before > 0 || this.#vectors + vectors <= maxVectors;
  }

  /**
   * If the base has the vectors, a fold can still update them there. Otherwise the document cannot be published before
   * it is exported again.
   */
  #takeUnreadable(one: StartedDocument, { reason }: SourceUnreadableError): void {
    const key = documentModel.keyOf(one.document);
    const indexed = this.#published.index.get(key);
    if (!this.#published.overlay.has(key) && indexed?.runId != null) this.inBaseAlone.push(one.document);
    else this.unshowable.set(one, reason);
  }

  /** Undefined if the document has no published vectors. */
  #before(document: DocumentRef): Before | undefined {
    const key = documentModel.keyOf(document);
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
