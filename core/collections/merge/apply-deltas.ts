import type { Delta } from "../../deltas/delta.ts";
import { documentModel } from "../../documents/documents.ts";
import { type DeltaPart, type MergeStore, UpsertRefusedError } from "../chroma/vector-store.ts";
import { SliceBuilder } from "./delta-batches.ts";
import { partsThatDiffer } from "./parts-that-differ.ts";

/** The effect of applying deltas to a store. */
export interface Applied {
  /** Number of vectors before. */
  readonly before: number;
  /** Ids of all vectors of the applied deltas. */
  readonly expected: readonly string[];
  /** Number of those ids that were not stored before. */
  readonly added: number;
  /** Number of vectors that were new or changed. */
  readonly written: number;
  /** Ids that the documents had before and that are not in their deltas. */
  readonly removed: readonly string[];
  /** Keys of documents that had vectors before. */
  readonly replaced: ReadonlySet<string>;
  /** Deltas that the store rejected. Their documents are unchanged. */
  readonly refused: ReadonlyMap<Delta, string>;
}

/** An upsert in flight, and what it changes. */
interface Sent {
  readonly slice: readonly DeltaPart[];
  /** Ids that the documents of the slice had before. */
  readonly existing: ReadonlySet<string>;
  readonly request: Promise<void>;
}

/**
 * Replaces the vectors of each delta's document by those of the delta; at most one delta per document. Vectors that are
 * already stored are not written again. Consumes the deltas as they arrive and prepares an upsert while the store
 * processes the previous one. A delta that the store rejects is left out and reported; any other error of the store is
 * thrown.
 */
export async function applyDeltas(
  store: MergeStore,
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
  readonly #store: MergeStore;
  readonly #before: number;
  readonly #expected: string[] = [];
  readonly #removed = new Set<string>();
  readonly #replaced = new Set<string>();
  readonly #refused = new Map<Delta, string>();
  #added = 0;
  #written = 0;
  #underWay: Sent | undefined;

  constructor(store: MergeStore, before: number) {
    this.#store = store;
    this.#before = before;
  }

  /** Resolves when this slice is in flight and the previous one is stored. */
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

  /** Upserts the deltas of a rejected slice one at a time, to find those that cause the rejection. */
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
      this.#added += ids.filter((id) => !existing.has(id)).length;
    }
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
