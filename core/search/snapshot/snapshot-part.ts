import type { StoredVector } from "../../collections/chroma/vector-store.ts";
import { receiptOfVector } from "../../receipts/receipt.ts";
import type { Day } from "../../receipts/typed/dates.ts";
import { CoverageIndex } from "../lexical/coverage-index.ts";
import { DenseMatrix } from "./dense-matrix.ts";
import { type DocumentRow, documentRow } from "./document-row.ts";
import { rowsOfVectors } from "./rows-of-vectors.ts";

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

/** The vectors of some receipts, ready to be searched. Never changes. */
export class SnapshotPart {
  readonly rows: readonly DocumentRow[];
  /** Receipts of which this part says all: those without a row here have none. */
  readonly receipts: ReadonlySet<string>;
  readonly index: CoverageIndex;
  readonly matrix: DenseMatrix;
  readonly heads: ReadonlyMap<string, ReceiptHead>;
  /** The first rows and the merchant of each receipt, in the order of `heads`: whose receipt it is. */
  readonly headIndex: CoverageIndex;

  constructor(vectors: readonly StoredVector[], receipts: ReadonlySet<string>, dimensions: number) {
    const read = [...Map.groupBy(vectors, ({ id }) => receiptOfVector(id))].flatMap(([receipt, own]) =>
      rowsOfVectors(own).map((row, position) => ({ receipt, position, row })),
    );
    this.matrix = new DenseMatrix(
      read.flatMap(({ row }, number) => row.map(({ vector }) => ({ row: number, vector }))),
      dimensions,
    );
    let place = 0;
    // Views of the matrix, so that no number is held twice.
    const inMatrix = (stored: StoredVector) => ({ ...stored, vector: this.matrix.direction(place++) });
    this.rows = read.map(({ receipt, position, row }) => documentRow(receipt, position, row.map(inMatrix)));
    this.receipts = receipts;
    this.heads = new Map(
      Array.from(
        Map.groupBy(this.rows, ({ receipt }) => receipt),
        ([receipt, rows]) => [receipt, headOf(rows)],
      ),
    );
    this.headIndex = new CoverageIndex();
    for (const { text } of this.heads.values()) this.headIndex.add(text);
    this.index = new CoverageIndex();
    for (const { text } of this.rows) this.index.add(text);
  }
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
