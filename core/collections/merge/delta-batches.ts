import type { Delta } from "../../deltas/delta.ts";
import { maxBodyBytes } from "../chroma/update-batches.ts";
import { base64Length } from "../chroma/upsert-request.ts";
import type { RowsPart, VectorRows } from "../chroma/vector-store.ts";

/** Larger requests are no faster, and Chroma rejects more than 5,461. */
export const maxVectors = 4_500;
export const maxBytes = maxBodyBytes;

const shortText = 40;

interface Piece<Rows extends VectorRows> {
  readonly part: RowsPart<Rows>;
  readonly bytes: number;
}

/** Groups deltas into slices of one upsert each. A delta is split only if it is larger than a slice on its own. */
export class SliceBuilder<Rows extends VectorRows = Delta> {
  #parts: RowsPart<Rows>[] = [];
  #vectors = 0;
  #bytes = 0;

  /** The slices that this delta completes. */
  *add(delta: Rows): Generator<RowsPart<Rows>[]> {
    for (const { part, bytes } of pieces(delta)) {
      const vectors = part.to - part.from;
      if (this.#vectors + vectors > maxVectors || this.#bytes + bytes > maxBytes) yield* this.rest();
      this.#parts.push(part);
      this.#vectors += vectors;
      this.#bytes += bytes;
    }
  }

  /** The last slice, if there is one. A delta without vectors is also part of a slice. */
  *rest(): Generator<RowsPart<Rows>[]> {
    if (this.#parts.length > 0) yield this.#parts;
    this.#parts = [];
    this.#vectors = 0;
    this.#bytes = 0;
  }
}

function* pieces<Rows extends VectorRows>(delta: Rows): Generator<Piece<Rows>> {
  let from = 0;
  let bytes = 0;
  for (let to = 0; to < delta.ids.length; to += 1) {
    const more = vectorBytes(delta, to);
    if (to - from === maxVectors || (bytes > 0 && bytes + more > maxBytes)) {
      yield { part: { delta, from, to }, bytes };
      from = to;
      bytes = 0;
    }
    bytes += more;
  }
  yield { part: { delta, from, to: delta.ids.length }, bytes };
}

/** The bytes of a vector in a request body, rounded up. */
function vectorBytes({ dimensions, ids, documents, metadatas }: VectorRows, position: number): number {
  let bytes =
    base64Length(dimensions) + textBytes(ids[position] ?? "") + textBytes(documents[position] ?? "") + 16;
  const metadata = metadatas[position];
  // Runs for every vector, so it does not allocate a list of entries.
  for (const key in metadata) {
    const value = metadata[key];
    bytes += key.length + 28 + (typeof value === "string" ? textBytes(value) : 0);
  }
  return bytes;
}

/**
 * A character takes at most three bytes in UTF-8; a quarter is added for the few that are escaped. Most texts are
 * short, for which counting costs more than overestimating.
 */
function textBytes(text: string): number {
  return text.length < shortText ? 3 * text.length : 1.25 * Buffer.byteLength(text);
}
