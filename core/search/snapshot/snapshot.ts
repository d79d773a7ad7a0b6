import type { StoredVector } from "../../collections/chroma/vector-store.ts";
import { segmentsToMerge } from "../../collections/segments/overlay.ts";
import { documentModel } from "../../documents/documents.ts";
import { type WeightedQuery, weigh } from "../lexical/coverage-index.ts";
import type { DocumentRow } from "./document-row.ts";
import { SnapshotPart } from "./snapshot-part.ts";

/** A search looks at every part. */
const maxParts = 8;

export interface LivePart {
  readonly part: SnapshotPart;
  /** For each row, 0 if a newer part has replaced it. */
  readonly live: Uint8Array;
}

/**
 * The published state of a shard at one time, in memory: a base and later changes, newest last. Immutable: a newer
 * state is another snapshot that shares most of the parts.
 */
export class Snapshot {
  readonly parts: readonly LivePart[];
  readonly #dimensions: number;

  private constructor(parts: readonly LivePart[], dimensions: number) {
    this.parts = parts;
    this.#dimensions = dimensions;
  }

  static async of(vectors: readonly StoredVector[], dimensions: number): Promise<Snapshot> {
    return new Snapshot([allLive(await SnapshotPart.of(vectors, new Set(), dimensions))], dimensions);
  }

  /**
   * A snapshot in which these documents (by key) have exactly these vectors. Documents of which only metadata differs
   * cost no more than their own rows; the vectors of others become a new part.
   */
  async with(documents: ReadonlySet<string>, vectors: readonly StoredVector[]): Promise<Snapshot> {
    const given = Map.groupBy(vectors, ({ id }) => documentModel.keyOfVector(id));
    const { parts, others } = this.#withMetadata(documents, given);
    if (others.size === 0) return new Snapshot(parts, this.#dimensions);
    const older = parts.map((each) => without(each, others));
    return this.#above(
      older,
      others,
      [...others].flatMap((key) => given.get(key) ?? []),
    );
  }

  get vectors(): number {
    return this.parts.reduce((sum, { part, live }) => {
      if (live.every(Boolean)) return sum + part.vectors;
      return sum + part.rows.reduce((own, { vectors }, row) => own + (live[row] ? vectors.length : 0), 0);
    }, 0);
  }

  /** The vector with this id; undefined if it does not exist. */
  vector(id: string): StoredVector | undefined {
    const key = documentModel.keyOfVector(id);
    for (const { part, live } of this.parts) {
      for (const [number, row] of part.rowsOf(key)) {
        const found = live[number] ? row.vectors.find((vector) => vector.id === id) : undefined;
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /** The vectors of a document, by its key. */
  vectorsOf(key: string): StoredVector[] {
    return this.parts.flatMap(({ part, live }) =>
      [...part.rowsOf(key)].flatMap(([number, { vectors }]) => (live[number] ? vectors : [])),
    );
  }

  /** The share of a name that each document's head contains, by document key. Omits shares below `minShare`. */
  documentsNamed(name: string, minShare: number): Map<string, number> {
    const query = weigh(
      name,
      this.parts.map(({ part }) => part.headIndex),
    );
    const shares = new Map<string, number>();
    for (const { part } of this.parts) {
      const coverages = part.headIndex.coverage(query);
      [...part.heads.keys()].forEach((key, number) => {
        if ((coverages[number] ?? 0) >= minShare) shares.set(key, coverages[number] ?? 0);
        else shares.delete(key);
      });
      for (const key of part.documents) if (!part.heads.has(key)) shares.delete(key);
    }
    return shares;
  }

  /** The grams of a text, weighted by their rarity among all rows. */
  weigh(text: string): WeightedQuery {
    return weigh(
      text,
      this.parts.map(({ part }) => part.index),
    );
  }

  /** Replaces the metadata of documents where nothing else differs. `others` are the rest of the documents. */
  #withMetadata(documents: ReadonlySet<string>, given: ReadonlyMap<string, readonly StoredVector[]>) {
    const others = new Set(documents);
    const parts = this.parts.map(({ part, live }) => {
      const changed = new Map<number, DocumentRow>();
      for (const key of others) {
        const [first] = part.rowsOf(key).keys();
        if (first === undefined || !live[first]) continue;
        const rows = part.withMetadataOf(key, given.get(key) ?? []);
        if (rows === undefined) continue;
        for (const [number, row] of rows) changed.set(number, row);
        others.delete(key);
      }
      return { part: changed.size === 0 ? part : part.replacing(changed), live };
    });
    return { parts, others };
  }

  /** Adds a part, into which newer parts of about its size are merged once there are many. */
  async #above(
    parts: readonly LivePart[],
    documents: ReadonlySet<string>,
    vectors: readonly StoredVector[],
  ): Promise<Snapshot> {
    const merged = segmentsToMerge(
      parts.map(({ live }) => live.reduce((sum, isLive) => sum + isLive, 0)),
      vectors.length,
      maxParts,
    );
    const kept = parts.slice(0, parts.length - merged);
    const small = parts.slice(kept.length);
    const all = [...small.flatMap(liveVectors), ...vectors];
    const named = new Set([...small.flatMap(({ part }) => [...part.documents]), ...documents]);
    const part = await SnapshotPart.of(all, named, this.#dimensions);
    return new Snapshot([...kept, allLive(part)], this.#dimensions);
  }
}

function liveVectors({ part, live }: LivePart): StoredVector[] {
  return part.rows.flatMap(({ vectors }, number) => (live[number] ? vectors : []));
}

function allLive(part: SnapshotPart): LivePart {
  return { part, live: new Uint8Array(part.rows.length).fill(1) };
}

function without({ part, live }: LivePart, documents: ReadonlySet<string>): LivePart {
  const replaced = [...documents].flatMap((key) => [...part.rowsOf(key).keys()]);
  if (replaced.length === 0) return { part, live };
  const left = live.slice();
  for (const row of replaced) left[row] = 0;
  return { part, live: left };
}
