import type { DeltaStore } from "../../deltas/delta-store.ts";
import { type DocumentRef, documentModel } from "../../documents/documents.ts";
import type { ChromaVectorStore } from "../chroma/chroma-vector-store.ts";
import type { Neighbour, NeighbourQuery, StoredMetadata, StoredVector } from "../chroma/vector-store.ts";
import type { DeltaTarget } from "../merge/check-delta.ts";
import type { SegmentEntry } from "./entry.ts";
import type { Overlay } from "./overlay.ts";
import { NamedDeltaMissingError, vectorsOfEntry } from "./overlay-rows.ts";

const documentsPerPage = 100;
/** Number of deltas that are cached, because callers read the same document in several ways. */
const maxRemembered = 32;

/** The vectors of a base. */
export type PublishedBase = Pick<
  ChromaVectorStore,
  "pages" | "vectorPages" | "metadataOf" | "readMetadata" | "read" | "query"
>;

export interface PublishedParts {
  readonly base: PublishedBase;
  readonly overlay: Overlay;
  readonly deltas: Pick<DeltaStore, "get">;
  readonly target: DeltaTarget;
}

type Described = Omit<StoredVector, "vector">;

/** Reads the vectors of a generation: those of its base, except for documents that have an entry in a segment. */
export class PublishedVectors {
  readonly #parts: PublishedParts;
  readonly #remembered = new Map<string, Promise<StoredVector[]>>();
  /** Documents whose delta cannot be read, by key, with the reason. They have no vectors here, as for every reader. */
  readonly unreadable = new Map<string, string>();

  constructor(parts: PublishedParts) {
    this.#parts = parts;
  }

  /** All vectors without their numbers, in pages. */
  async *pages(): AsyncGenerator<Described[]> {
    const { base, overlay } = this.#parts;
    for await (const page of base.pages()) {
      yield page.filter(({ id }) => !overlay.has(documentModel.keyOfVector(id)));
    }
    for await (const page of this.#overlayPages()) yield page;
  }

  /** All vectors with their numbers, in pages. */
  async *vectorPages(): AsyncGenerator<StoredVector[]> {
    const { base, overlay } = this.#parts;
    for await (const page of base.vectorPages()) {
      yield page.filter(({ id }) => !overlay.has(documentModel.keyOfVector(id)));
    }
    for await (const page of this.#overlayPages()) yield page;
  }

  async idsOf(documents: readonly DocumentRef[]): Promise<string[]> {
    return (await this.metadataOf(documents)).map(({ id }) => id);
  }

  async metadataOf(documents: readonly DocumentRef[]): Promise<StoredMetadata[]> {
    const { base, overlay } = this.#parts;
    const [above, below] = partition(documents, (document) => overlay.has(documentModel.keyOf(document)));
    const stored = below.length > 0 ? await base.metadataOf(below) : [];
    for (const document of above) stored.push(...(await this.#ofDocument(documentModel.keyOf(document))));
    return stored;
  }

  async readMetadata(ids: readonly string[]): Promise<StoredMetadata[]> {
    const { base } = this.#parts;
    return this.#byIds(ids, (below) => base.readMetadata(below));
  }

  async read(ids: readonly string[]): Promise<StoredVector[]> {
    const { base } = this.#parts;
    return this.#byIds<StoredVector>(ids, (below) => base.read(below));
  }

  async #byIds<Stored extends StoredMetadata>(
    ids: readonly string[],
    fromBase: (ids: readonly string[]) => Promise<Stored[]>,
  ): Promise<(Stored | StoredVector)[]> {
    const { overlay } = this.#parts;
    const [above, below] = partition(ids, (id) => overlay.has(documentModel.keyOfVector(id)));
    const found: (Stored | StoredVector)[] = below.length > 0 ? await fromBase(below) : [];
    const wanted = new Set(above);
    for (const key of new Set(above.map(documentModel.keyOfVector))) {
      found.push(...(await this.#ofDocument(key)).filter(({ id }) => wanted.has(id)));
    }
    return found;
  }

  /** Nearest neighbours in the approximate index of the base. Ignores the overlay. */
  queryBase(query: NeighbourQuery): Promise<Neighbour[]> {
    return this.#parts.base.query(query);
  }

  /** The vectors of the overlay, by document key. */
  async overlayVectors(): Promise<Map<string, readonly StoredVector[]>> {
    const vectors = new Map<string, readonly StoredVector[]>();
    for (const key of this.#parts.overlay.keys()) vectors.set(key, await this.#ofDocument(key));
    return vectors;
  }

  async *#overlayPages(): AsyncGenerator<StoredVector[]> {
    const keys = [...this.#parts.overlay.keys()];
    for (let from = 0; from < keys.length; from += documentsPerPage) {
      const page: StoredVector[] = [];
      for (const key of keys.slice(from, from + documentsPerPage))
        page.push(...(await this.#ofDocument(key)));
      yield page;
    }
  }

  #ofDocument(key: string): Promise<StoredVector[]> {
    const entry = this.#parts.overlay.get(key);
    if (entry === undefined) return Promise.resolve([]);
    const known = this.#remembered.get(key) ?? this.#load(key, entry);
    this.#remembered.delete(key);
    this.#remembered.set(key, known);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > maxRemembered && oldest !== undefined) this.#remembered.delete(oldest);
    return known;
  }

  async #load(key: string, entry: SegmentEntry): Promise<StoredVector[]> {
    try {
      return await vectorsOfEntry(this.#parts.deltas, this.#parts.target, entry);
    } catch (error) {
      if (!(error instanceof NamedDeltaMissingError)) throw error;
      this.unreadable.set(key, error.message);
      return [];
    }
  }
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}
