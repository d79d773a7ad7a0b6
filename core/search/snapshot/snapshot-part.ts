import type { MetadataTerm, StoredVector } from "../../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../../deltas/delta.ts";
import { type DocumentHead, documentSearch, type Question } from "../../documents/document-search.ts";
import { documentModel } from "../../documents/documents.ts";
import { Turns } from "../../resilience/turns.ts";
import { CoverageIndex } from "../lexical/coverage-index.ts";
import { DenseMatrix } from "./dense-matrix.ts";
import { type DocumentRow, documentRow } from "./document-row.ts";
import { HeldOnce } from "./held-once.ts";
import { MatrixVector } from "./matrix-vector.ts";
import { RowsByValue } from "./rows-by-value.ts";

interface PartParts {
  readonly rows: readonly DocumentRow[];
  readonly firstRows: ReadonlyMap<string, number>;
  readonly documents: ReadonlySet<string>;
  readonly matrix: DenseMatrix;
  readonly heads: ReadonlyMap<string, DocumentHead>;
  readonly index: CoverageIndex;
  readonly headIndex: CoverageIndex;
}

/** The vectors of some documents, prepared for searching. Immutable. */
export class SnapshotPart {
  /** The rows of a document are contiguous. */
  readonly rows: readonly DocumentRow[];
  /** Keys of the documents that this part replaces; one without rows here has no vectors. */
  readonly documents: ReadonlySet<string>;
  readonly vectors: number;
  readonly matrix: DenseMatrix;
  readonly index: CoverageIndex;
  readonly heads: ReadonlyMap<string, DocumentHead>;
  /** The texts of the heads, in the order of `heads`. */
  readonly headIndex: CoverageIndex;
  readonly #firstRows: ReadonlyMap<string, number>;
  readonly #byMetadata: Map<string, RowsByValue<VectorMetadata[string]>>;
  #byTrait: RowsByValue<string | number> | undefined;

  private constructor(parts: PartParts, byMetadata = new Map<string, RowsByValue<VectorMetadata[string]>>()) {
    const { rows, firstRows, documents, matrix, heads, index, headIndex } = parts;
    this.#firstRows = firstRows;
    this.#byMetadata = byMetadata;
    this.rows = rows;
    this.documents = documents;
    this.matrix = matrix;
    this.vectors = rows.reduce((sum, { vectors }) => sum + vectors.length, 0);
    this.heads = heads;
    this.index = index;
    this.headIndex = headIndex;
  }

  /** Yields regularly to other work of the process. */
  static async of(
    vectors: readonly StoredVector[],
    documents: ReadonlySet<string>,
    dimensions: number,
  ): Promise<SnapshotPart> {
    const turns = new Turns();
    const read: { key: string; position: number; row: StoredVector[] }[] = [];
    for (const [key, own] of Map.groupBy(vectors, ({ id }) => documentModel.keyOfVector(id))) {
      for (const [position, row] of documentSearch.rowsOf(own).entries()) read.push({ key, position, row });
      if (turns.isOver) await turns.next();
    }
    const matrix = await DenseMatrix.of(
      read.map(({ row }) => row.map(({ vector }) => vector)),
      dimensions,
    );
    let number = 0;
    const once = new HeldOnce();
    const rows: DocumentRow[] = [];
    for (const { key, position, row } of read) {
      const own = row.map((stored) => new MatrixVector(stored, key, once, matrix, number++));
      rows.push(documentRow(key, position, own, once));
      if (turns.isOver) await turns.next();
    }
    const firstRows = new Map<string, number>();
    const heads = new Map<string, DocumentHead>();
    let first = 0;
    for (const [key, own] of Map.groupBy(rows, ({ documentKey }) => documentKey)) {
      firstRows.set(key, first);
      heads.set(key, documentSearch.headOf(own));
      first += own.length;
      if (turns.isOver) await turns.next();
    }
    const headIndex = await CoverageIndex.of(Array.from(heads.values(), ({ text }) => text));
    const index = await CoverageIndex.of(rows.map(({ text }) => text));
    return new SnapshotPart({ rows, firstRows, documents, matrix, heads, index, headIndex });
  }

  /** The rows of a document, by row number. */
  rowsOf(documentKey: string): Map<number, DocumentRow> {
    const found = new Map<number, DocumentRow>();
    for (let row = this.#firstRows.get(documentKey) ?? this.rows.length; row < this.rows.length; row++) {
      const here = this.rows[row] as DocumentRow;
      if (here.documentKey !== documentKey) break;
      found.set(row, here);
    }
    return found;
  }

  /**
   * The rows of a document with the metadata of these vectors, by row number. Undefined if the rows, or what is found by
   * text, are other ones, too.
   */
  withMetadataOf(
    documentKey: string,
    vectors: readonly StoredVector[],
  ): Map<number, DocumentRow> | undefined {
    const held = this.rowsOf(documentKey);
    const given = documentSearch.rowsOf(vectors);
    if (held.size === 0 || given.length !== held.size) return undefined;
    const once = new HeldOnce();
    const rows = new Map<number, DocumentRow>();
    for (const [number, row] of held) {
      const own = withMetadata(row, given[row.position] ?? [], once);
      if (own === undefined) return undefined;
      rows.set(number, own);
    }
    const { text } = documentSearch.headOf([...rows.values()]);
    return text === this.heads.get(documentKey)?.text ? rows : undefined;
  }

  /** This part with rows that differ from its own by metadata alone. Shares all else, and the indexes of unchanged values. */
  replacing(changed: ReadonlyMap<number, DocumentRow>): SnapshotPart {
    const rows = this.rows.slice();
    for (const [number, row] of changed) rows[number] = row;
    const byMetadata = new Map(
      Array.from(this.#byMetadata, ([key, index]) => [
        key,
        index.changed(
          Array.from(changed, ([number, row]) => [
            number,
            valuesOf(this.rows[number] as DocumentRow, key),
            valuesOf(row, key),
          ]),
        ),
      ]),
    );
    const { documents, matrix, heads, index, headIndex } = this;
    const parts = { rows, firstRows: this.#firstRows, documents, matrix, heads, index, headIndex };
    const part = new SnapshotPart(parts, byMetadata);
    part.#byTrait = this.#byTrait;
    return part;
  }

  /** Numbers of the rows that match the most selective term; undefined without terms. */
  narrowed(terms: readonly MetadataTerm[]): readonly number[] | undefined {
    return terms
      .map((term) => this.#having(term))
      .reduce<readonly number[] | undefined>(
        (fewest, rows) => (fewest === undefined || rows.length < fewest.length ? rows : fewest),
        undefined,
      );
  }

  /** For each row, 1 if it has a value that the question asks for. */
  matching(question: Question): Uint8Array {
    const matching = new Uint8Array(this.rows.length);
    this.#byTrait ??= RowsByValue.of(
      this.rows.map(({ traits }, number) => [number, documentSearch.valuesOf(traits)]),
    );
    for (const value of documentSearch.valuesAsked(question)) {
      for (const row of this.#byTrait.with(value)) matching[row] = 1;
    }
    return matching;
  }

  #having({ anyOf, equals }: MetadataTerm): readonly number[] {
    const lists = anyOf
      .map((key) => this.#metadataIndex(key).with(equals))
      .filter(({ length }) => length > 0);
    const [only = [], ...more] = lists;
    return more.length === 0 ? only : [...new Set(lists.flat())];
  }

  #metadataIndex(key: string): RowsByValue<VectorMetadata[string]> {
    const index =
      this.#byMetadata.get(key) ??
      RowsByValue.of(this.rows.map((row, number) => [number, valuesOf(row, key)]));
    this.#byMetadata.set(key, index);
    return index;
  }
}

/** Undefined if a vector of the row is another one than is given. */
function withMetadata(
  row: DocumentRow,
  given: readonly StoredVector[],
  once: HeldOnce,
): DocumentRow | undefined {
  if (given.length !== row.vectors.length) return undefined;
  const vectors: MatrixVector[] = [];
  for (const [at, vector] of row.vectors.entries()) {
    const own = given[at];
    if (own === undefined || !vector.isOf(own)) return undefined;
    vectors.push(vector.withMetadata(own.metadata, once));
  }
  return { ...row, vectors };
}

function valuesOf({ vectors }: DocumentRow, key: string): VectorMetadata[string][] {
  return vectors
    .map(({ metadata }) => (Object.hasOwn(metadata, key) ? metadata[key] : undefined))
    .filter((value) => value !== undefined);
}
