import type { StoredVector } from "../../collections/chroma/vector-store.ts";
import { documentModel } from "../../documents/documents.ts";
import { type WeightedQuery, weigh } from "../lexical/coverage-index.ts";
import { SnapshotPart } from "./snapshot-part.ts";

/** Small parts are merged above this number of parts. */
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

  /** A snapshot in which these documents (by key) have exactly these vectors. */
  async with(documents: ReadonlySet<string>, vectors: readonly StoredVector[]): Promise<Snapshot> {
    const part = await SnapshotPart.of(vectors, documents, this.#dimensions);
    const older = this.parts.map((each) => without(each, documents));
    const parts = [...older, allLive(part)];
    return parts.length > maxParts ? this.#merged(parts) : new Snapshot(parts, this.#dimensions);
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

  /** Keeps the base if the parts above it are small; otherwise merges everything. */
  async #merged(parts: readonly LivePart[]): Promise<Snapshot> {
    const [base, ...above] = parts;
    if (base === undefined) return this;
    const rowsAbove = above.reduce((sum, { part }) => sum + part.rows.length, 0);
    const kept = rowsAbove * 4 < base.part.rows.length ? [base] : [];
    const merged = kept.length > 0 ? above : parts;
    const documents = new Set(merged.flatMap(({ part }) => [...part.documents]));
    const vectors = merged.flatMap(({ part, live }) =>
      part.rows.flatMap((row, number) => (live[number] ? row.vectors : [])),
    );
    const part = await SnapshotPart.of(vectors, documents, this.#dimensions);
    return new Snapshot([...kept, allLive(part)], this.#dimensions);
  }
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
