import type { Delta } from "../../deltas/delta.ts";
import { documentModel } from "../../documents/documents.ts";
import { type DeltaPart, UpsertRefusedError, type VectorStore } from "../chroma/vector-store.ts";
import { SliceBuilder } from "./delta-batches.ts";
import { partsThatDiffer } from "./parts-that-differ.ts";

/** What applying deltas did to a store. */
export interface Applied {
  /** Vectors before. */
  readonly before: number;
  /** Ids of all vectors of the applied deltas. */
  readonly expected: readonly string[];
  /** How many of those were not there before. */
  readonly added: number;
  /** Vectors that were new or changed. */
  readonly written: number;
  /** Ids that the documents had before and their deltas have no more. */
  readonly removed: readonly string[];
  /** Documents (by its key) that had vectors before. */
  readonly replaced: ReadonlySet<string>;
  /** Deltas that the store would not take. Their documents are as they were. */
  readonly refused: ReadonlyMap<Delta, string>;
}

/** An upsert under way, and what it will have done. */
interface Sent {
  readonly slice: readonly DeltaPart[];
  /** Ids of the slice's documents before. */
  readonly existing: ReadonlySet<string>;
  readonly request: Promise<void>;
}

/**
 * Makes the vectors of each delta's document exactly those of the delta. Vectors that are there already are not
 * written again. At most one delta per document.
 * Takes the deltas as they come and prepares an upsert while the store works on the one before.
 * A delta that the store refuses is left out and named; throws what else the store throws.
 */
export async function applyDeltas(
  store: VectorStore,
  deltas: Iterable<Delta> | AsyncIterable<Delta>,
): Promise<Applied> {
  const application = new Application(store, await store.count());
  const slices = new SliceBuilder();
  for await (const delta of deltas) {
    for (const slice of slices.add(delta)) await application.send(slice);
  }
  for (const slice of slices.rest()) await application.send(slice);
  return application.finish();
}

class Application {
  readonly #store: VectorStore;
  readonly #before: number;
  readonly #expected: string[] = [];
  readonly #removed = new Set<string>();
  readonly #replaced = new Set<string>();
  readonly #refused = new Map<Delta, string>();
  #added = 0;
  #written = 0;
  #underWay: Sent | undefined;

  constructor(store: VectorStore, before: number) {
    this.#store = store;
    this.#before = before;
  }

  /** Resolves when the batch is in flight and the previous one is stored. */
  async send(slice: readonly DeltaPart[]): Promise<void> {
    const existing = await this.#existingIds(slice);
    const parts = await partsThatDiffer(this.#store, slice, existing);
    const request = this.#upsert(parts);
    request.catch(() => undefined);
    const previous = this.#underWay;
    this.#underWay = { slice, existing, request };
    if (previous) await this.#settle(previous);
  }

  async finish(): Promise<Applied> {
    if (this.#underWay) await this.#settle(this.#underWay);
    const removed = [...this.#removed];
    await this.#store.delete(removed);
    return {
      before: this.#before,
      expected: this.#expected,
      added: this.#added,
      written: this.#written,
      removed,
      replaced: this.#replaced,
      refused: this.#refused,
    };
  }

  async #existingIds(slice: readonly DeltaPart[]): Promise<ReadonlySet<string>> {
    if (this.#before === 0) return new Set();
    return new Set(await this.#store.idsOf(slice.map(({ delta }) => delta)));
  }

  async #upsert(parts: readonly DeltaPart[]): Promise<void> {
    if (parts.length === 0) return;
    await this.#store.upsert(parts);
    for (const { from, to } of parts) this.#written += to - from;
  }

  async #settle({ slice, existing, request }: Sent): Promise<void> {
    try {
      await request;
    } catch (error) {
      if (!(error instanceof UpsertRefusedError)) throw error;
      await this.#oneByOne(slice, existing, error);
      return;
    }
    this.#note(slice, existing);
  }

  /** Finds the deltas for which a slice was refused. */
  async #oneByOne(
    slice: readonly DeltaPart[],
    existing: ReadonlySet<string>,
    refusal: UpsertRefusedError,
  ): Promise<void> {
    for (const part of slice) {
      const { delta, from, to } = part;
      try {
        if (slice.length === 1) throw refusal;
        await this.#upsert(await partsThatDiffer(this.#store, [part], existing));
        this.#note([part], existing);
      } catch (error) {
        const whole = from === 0 && to === delta.ids.length;
        if (!(error instanceof UpsertRefusedError) || !whole) throw error;
        this.#refused.set(delta, error.message);
      }
    }
  }

  #note(slice: readonly DeltaPart[], existing: ReadonlySet<string>): void {
    for (const { delta, from, to } of slice) {
      const ids = delta.ids.slice(from, to);
      this.#expected.push(...ids);
      this.#added += existing.size === 0 ? ids.length : ids.filter((id) => !existing.has(id)).length;
    }
    if (existing.size > 0) this.#noteExisting(slice, existing);
  }

  #noteExisting(slice: readonly DeltaPart[], existing: ReadonlySet<string>): void {
    const kept = new Set(slice.flatMap(({ delta }) => delta.ids));
    const documents = new Set(slice.map(({ delta }) => documentModel.keyOf(delta)));
    for (const id of existing) {
      const document = documentModel.keyOfVector(id);
      if (!documents.has(document)) continue;
      this.#replaced.add(document);
      if (!kept.has(id)) this.#removed.add(id);
    }
  }
}
