import { documentSearch, type RowOfDocument } from "../../documents/document-search.ts";
import type { HeldOnce } from "./held-once.ts";
import type { MatrixVector } from "./matrix-vector.ts";

/** A row of a document, which is one hit. */
export interface DocumentRow extends RowOfDocument {
  /** Key of its document. */
  readonly documentKey: string;
  /** 0 for the first row of the document. */
  readonly position: number;
  readonly vectors: readonly MatrixVector[];
}

export function documentRow(
  documentKey: string,
  position: number,
  vectors: readonly MatrixVector[],
  once: HeldOnce,
): DocumentRow {
  const text = vectors.map(({ document }) => document).join(" ");
  return { documentKey, position, text, vectors, traits: once.traits(documentSearch.traitsOf(text)) };
}
