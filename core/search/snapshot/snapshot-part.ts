import type { MetadataTerm, StoredVector } from "../../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../../deltas/delta.ts";
import { documentModel } from "../../documents/documents.ts";
import type { Day } from "../../receipts/typed/dates.ts";
import type { RowKind } from "../../receipts/typed/row-kinds.ts";
import { Turns } from "../../resilience/turns.ts";
import { CoverageIndex } from "../lexical/coverage-index.ts";
import { DenseMatrix } from "./dense-matrix.ts";
import { type DocumentRow, documentRow } from "./document-row.ts";
import { HeldOnce } from "./held-once.ts";
import { MatrixVector } from "./matrix-vector.ts";
import { RowsByValue } from "./rows-by-value.ts";
import { rowsOfVectors } from "./rows-of-vectors.ts";
import type { Understood } from "./understand.ts";

/** What the rows of a receipt have in common, read off the receipt itself. */
export interface ReceiptHead {
  /** The first row with a word: most receipts print there whose they are. */
  readonly title: string;
  readonly day: Day | undefined;
  /** The first rows, and the merchant where one is known. */
  readonly text: string;
}

const headRows = 5;
const merchantKeys = ["canonical_merchant_name", "merchant_name"] as const;

interface PartParts {
  readonly rows: readonly DocumentRow[];
  readonly firstRows: ReadonlyMap<string, number>;
  readonly receipts: ReadonlySet<string>;
  readonly matrix: DenseMatrix;
  readonly heads: ReadonlyMap<string, ReceiptHead>;
  readonly index: CoverageIndex;
  readonly headIndex: CoverageIndex;
}

/** The vectors of some receipts, ready to be searched. Never changes. */
export class SnapshotPart {
  /** Those of one receipt are neighbours. */
  readonly rows: readonly DocumentRow[];
  /** Receipts of which this part says all: those without a row here have none. */
  readonly receipts: ReadonlySet<string>;
  readonly vectors: number;
  readonly matrix: DenseMatrix;
  readonly index: CoverageIndex;
  readonly heads: ReadonlyMap<string, ReceiptHead>;
  /** The first rows and the merchant of each receipt, in the order of `heads`: whose receipt it is. */
  readonly headIndex: CoverageIndex;
  readonly #firstRows: ReadonlyMap<string, number>;
  readonly #byMetadata = new Map<string, RowsByValue<VectorMetadata[string]>>();
  #byKind: RowsByValue<RowKind> | undefined;
  #byDay: RowsByValue<Day> | undefined;
  #byAmount: RowsByValue<number> | undefined;

  private constructor({ rows, firstRows, receipts, matrix, heads, index, headIndex }: PartParts) {
    this.rows = rows;
    this.receipts = receipts;
    this.matrix = matrix;
    this.vectors = rows.reduce((sum, { vectors }) => sum + vectors.length, 0);
    this.heads = heads;
    this.index = index;
    this.headIndex = headIndex;
    this.#firstRows = firstRows;
  }

  /** Takes turns with other work of the process. */
  static async of(
    vectors: readonly StoredVector[],
    receipts: ReadonlySet<string>,
    dimensions: number,
  ): Promise<SnapshotPart> {
    const turns = new Turns();
    const read: { receipt: string; position: number; row: StoredVector[] }[] = [];
    for (const [receipt, own] of Map.groupBy(vectors, ({ id }) => documentModel.keyOfVector(id))) {
      for (const [position, row] of rowsOfVectors(own).entries()) read.push({ receipt, position, row });
      if (turns.isOver) await turns.next();
    }
    const matrix = await DenseMatrix.of(
      read.map(({ row }) => row.map(({ vector }) => vector)),
      dimensions,
    );
    let number = 0;
    const once = new HeldOnce();
    const rows: DocumentRow[] = [];
    for (const { receipt, position, row } of read) {
      const own = row.map(
        (stored) =>
          new MatrixVector({ ...stored, metadata: once.metadata(stored.metadata) }, matrix, number++),
      );
      rows.push(documentRow(receipt, position, own));
      if (turns.isOver) await turns.next();
    }
    const firstRows = new Map<string, number>();
    const heads = new Map<string, ReceiptHead>();
    let first = 0;
    for (const [receipt, own] of Map.groupBy(rows, (row) => row.receipt)) {
      firstRows.set(receipt, first);
      heads.set(receipt, headOf(own));
      first += own.length;
      if (turns.isOver) await turns.next();
    }
    const headIndex = await CoverageIndex.of(Array.from(heads.values(), ({ text }) => text));
    const index = await CoverageIndex.of(rows.map(({ text }) => text));
    return new SnapshotPart({ rows, firstRows, receipts, matrix, heads, index, headIndex });
  }

  /** The rows of a receipt by their numbers. */
  rowsOf(receipt: string): Map<number, DocumentRow> {
    const found = new Map<number, DocumentRow>();
    for (let row = this.#firstRows.get(receipt) ?? this.rows.length; row < this.rows.length; row++) {
      const here = this.rows[row] as DocumentRow;
      if (here.receipt !== receipt) break;
      found.set(row, here);
    }
    return found;
  }

  /** Numbers of the rows of which a vector has what one term asks for, of that with the fewest; undefined without a term. */
  narrowed(terms: readonly MetadataTerm[]): readonly number[] | undefined {
    return terms
      .map((term) => this.#having(term))
      .reduce<readonly number[] | undefined>(
        (fewest, rows) => (fewest === undefined || rows.length < fewest.length ? rows : fewest),
        undefined,
      );
  }

  /** By row, whether it has a kind, a day or an amount that a question names. */
  matching({ kinds, days, amounts }: Understood): Uint8Array {
    const matching = new Uint8Array(this.rows.length);
    const mark = (rows: readonly number[]) => {
      for (const row of rows) matching[row] = 1;
    };
    this.#byKind ??= new RowsByValue(this.rows.map((row, number) => [number, row.kinds]));
    this.#byDay ??= new RowsByValue(this.rows.map((row, number) => [number, row.days]));
    this.#byAmount ??= new RowsByValue(this.rows.map((row, number) => [number, row.amounts]));
    for (const kind of kinds) mark(this.#byKind.with(kind));
    for (const day of days) mark(this.#byDay.with(day));
    for (const amount of amounts) mark(this.#byAmount.with(amount));
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
      new RowsByValue(this.rows.map((row, number) => [number, valuesOf(row, key)]));
    this.#byMetadata.set(key, index);
    return index;
  }
}

function valuesOf({ vectors }: DocumentRow, key: string): VectorMetadata[string][] {
  return vectors
    .map(({ metadata }) => (Object.hasOwn(metadata, key) ? metadata[key] : undefined))
    .filter((value) => value !== undefined);
}

function headOf(rows: readonly DocumentRow[]): ReceiptHead {
  const titled = rows.find(
    ({ text, kinds }) => /\p{L}{3,}|\p{Script=Han}{2,}/u.test(text) && !kinds.has("date"),
  );
  const known = merchantKeys.flatMap((key) => String(rows[0]?.vectors[0]?.metadata[key] ?? ""));
  return {
    title: titled?.text ?? "",
    day: rows.find(({ days }) => days.length > 0)?.days[0],
    text: [...known, ...rows.slice(0, headRows).map(({ text }) => text)].join(" "),
  };
}
