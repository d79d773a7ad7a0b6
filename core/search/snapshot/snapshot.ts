import type { StoredVector } from "../../collections/chroma/vector-store.ts";
import { receiptOfVector } from "../../receipts/receipt.ts";
import { weigh } from "../lexical/coverage-index.ts";
import type { DocumentRow } from "./document-row.ts";
import { type ReceiptHead, SnapshotPart } from "./snapshot-part.ts";

/** Parts that a snapshot may have before the small ones are made one. */
const maxParts = 8;

interface LivePart {
  readonly part: SnapshotPart;
  /** Rows that no newer part has replaced. */
  readonly live: Uint8Array;
}

/** The rows of one part with what a query is to each of them. */
export interface ScoredPart {
  readonly rows: readonly DocumentRow[];
  readonly heads: ReadonlyMap<string, ReceiptHead>;
  readonly live: Uint8Array;
  readonly cosines: Float32Array | undefined;
  readonly coverages: Float32Array;
}

/**
 * Everything that one shard has published at one moment, in memory: a base and what has changed since, newest last.
 * Never changes: a newer moment is another snapshot that shares most of its parts.
 */
export class Snapshot {
  readonly #parts: readonly LivePart[];
  readonly #dimensions: number;

  private constructor(parts: readonly LivePart[], dimensions: number) {
    this.#parts = parts;
    this.#dimensions = dimensions;
  }

  static of(vectors: readonly StoredVector[], dimensions: number): Snapshot {
    const part = new SnapshotPart(vectors, new Set(), dimensions);
    return new Snapshot([{ part, live: new Uint8Array(part.rows.length).fill(1) }], dimensions);
  }

  /** The snapshot in which these receipts have these vectors and no others. */
  with(receipts: ReadonlySet<string>, vectors: readonly StoredVector[]): Snapshot {
    const part = new SnapshotPart(vectors, receipts, this.#dimensions);
    const older = this.#parts.map(({ part: each, live }) => ({
      part: each,
      live: without(each, live, receipts),
    }));
    const parts = [...older, { part, live: new Uint8Array(part.rows.length).fill(1) }];
    return parts.length > maxParts ? this.#merged(parts) : new Snapshot(parts, this.#dimensions);
  }

  get vectors(): number {
    return this.#parts.reduce(
      (sum, { part, live }) =>
        sum + part.rows.reduce((own, { vectors }, row) => own + (live[row] ? vectors.length : 0), 0),
      0,
    );
  }

  /** The vector of this id; undefined where there is none. */
  vector(id: string): StoredVector | undefined {
    const receipt = receiptOfVector(id);
    for (const { part, live } of this.#parts.toReversed()) {
      for (const [number, row] of part.rows.entries()) {
        if (row.receipt !== receipt || !live[number]) continue;
        const found = row.vectors.find((vector) => vector.id === id);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /** By receipt, the share of a name that its first rows and its merchant contain; shares below the least are left out. */
  receiptsNamed(name: string, minShare: number): Map<string, number> {
    const query = weigh(
      name,
      this.#parts.map(({ part }) => part.headIndex),
    );
    const shares = new Map<string, number>();
    for (const { part } of this.#parts) {
      const coverages = part.headIndex.coverage(query);
      [...part.heads.keys()].forEach((receipt, number) => {
        if ((coverages[number] ?? 0) >= minShare) shares.set(receipt, coverages[number] ?? 0);
        else shares.delete(receipt);
      });
      for (const receipt of part.receipts) if (!part.heads.has(receipt)) shares.delete(receipt);
    }
    return shares;
  }

  /** What a text and a vector are to every row. Without a vector there are no cosines. */
  score(text: string, vector: readonly number[] | undefined): ScoredPart[] {
    const query = weigh(
      text,
      this.#parts.map(({ part }) => part.index),
    );
    return this.#parts.map(({ part, live }) => ({
      rows: part.rows,
      heads: part.heads,
      live,
      cosines: vector && part.matrix.cosines(vector, part.rows.length),
      coverages: part.index.coverage(query),
    }));
  }

  /** The base stays as it is while what is above it is smaller; else all becomes one. */
  #merged(parts: readonly LivePart[]): Snapshot {
    const [base, ...above] = parts;
    if (base === undefined) return this;
    const rowsAbove = above.reduce((sum, { part }) => sum + part.rows.length, 0);
    const kept = rowsAbove * 4 < base.part.rows.length ? [base] : [];
    const merged = kept.length > 0 ? above : parts;
    const receipts = new Set(merged.flatMap(({ part }) => [...part.receipts]));
    const vectors = merged.flatMap(({ part, live }) =>
      part.rows.flatMap((row, number) => (live[number] ? row.vectors : [])),
    );
    const part = new SnapshotPart(vectors, receipts, this.#dimensions);
    return new Snapshot(
      [...kept, { part, live: new Uint8Array(part.rows.length).fill(1) }],
      this.#dimensions,
    );
  }
}

function without(part: SnapshotPart, live: Uint8Array, receipts: ReadonlySet<string>): Uint8Array {
  const left = live.slice();
  part.rows.forEach(({ receipt }, row) => {
    if (receipts.has(receipt)) left[row] = 0;
  });
  return left;
}
