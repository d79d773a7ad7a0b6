import {
  type DeltaPart,
  type MergeStore,
  type MetadataChanges,
  type StoredMetadata,
  type StoredVector,
  UpsertRefusedError,
} from "../../../../core/collections/chroma/vector-store.ts";
import { vectorAt } from "../../../../core/collections/merge/parts-that-differ.ts";
import { type DocumentRef, documentModel } from "../../../../core/documents/documents.ts";
import { dimensions } from "../sample-deltas.ts";

type Call = { readonly [Name in keyof MergeStore]: readonly [Name, ...Parameters<MergeStore[Name]>] };

/** What a merge needs of a store, in memory; it notes how it is called, and refuses vectors of another dimension as Chroma does. */
export class MemoryStore implements MergeStore {
  readonly vectors = new Map<string, StoredVector>();
  readonly calls: Call[keyof Call][] = [];

  /** The arguments of the calls of a method. */
  callsOf<Name extends keyof MergeStore>(name: Name): Parameters<MergeStore[Name]>[] {
    return this.calls
      .filter((call): call is Call[Name] => call[0] === name)
      .map(([, ...args]) => args as unknown as Parameters<MergeStore[Name]>);
  }

  async upsert(parts: readonly DeltaPart[]): Promise<void> {
    this.calls.push(["upsert", parts]);
    if (parts.some(({ delta }) => delta.dimensions !== dimensions))
      throw new UpsertRefusedError("another dimension");
    for (const { delta, from, to } of parts) {
      for (let at = from; at < to; at += 1) {
        const id = delta.ids[at] ?? "";
        const document = delta.documents[at] ?? "";
        const metadata = { ...this.vectors.get(id)?.metadata, ...delta.metadatas[at] };
        this.vectors.set(id, { id, document, metadata, vector: vectorAt(delta, at) });
      }
    }
  }

  async delete(ids: readonly string[]): Promise<void> {
    this.calls.push(["delete", [...ids]]);
    for (const id of ids) this.vectors.delete(id);
  }

  async count(): Promise<number> {
    this.calls.push(["count"]);
    return this.vectors.size;
  }

  async idsOf(documents: readonly DocumentRef[]): Promise<string[]> {
    this.calls.push(["idsOf", documents]);
    return this.#idsOf(documents);
  }

  async metadataOf(documents: readonly DocumentRef[]): Promise<StoredMetadata[]> {
    this.calls.push(["metadataOf", documents]);
    return this.#those(this.#idsOf(documents));
  }

  async updateMetadata(changes: ReadonlyMap<string, MetadataChanges>): Promise<void> {
    this.calls.push(["updateMetadata", changes]);
    for (const [id, change] of changes) {
      const stored = this.vectors.get(id);
      if (stored === undefined) continue;
      const values = Object.entries({ ...stored.metadata, ...change });
      const metadata = Object.fromEntries(values.filter(([, value]) => value !== null));
      this.vectors.set(id, { ...stored, metadata: metadata as StoredVector["metadata"] });
    }
  }

  async present(ids: readonly string[]): Promise<Set<string>> {
    this.calls.push(["present", ids]);
    return new Set(ids.filter((id) => this.vectors.has(id)));
  }

  async readMetadata(ids: readonly string[]): Promise<StoredMetadata[]> {
    this.calls.push(["readMetadata", ids]);
    return this.#those(ids);
  }

  async read(ids: readonly string[]): Promise<StoredVector[]> {
    this.calls.push(["read", ids]);
    return this.#those(ids).reverse();
  }

  #idsOf(documents: readonly DocumentRef[]): string[] {
    const keys = new Set(documents.map(documentModel.keyOf));
    return [...this.vectors.keys()].filter((id) => keys.has(documentModel.keyOfVector(id)));
  }

  #those(ids: readonly string[]): StoredVector[] {
    return ids.flatMap((id) => this.vectors.get(id) ?? []);
  }
}
