import type { Delta } from "../deltas/delta.ts";
import { base64Length } from "./upsert-request.ts";
import type { DeltaPart } from "./vector-store.ts";

/** More a request makes nothing faster, and Chroma refuses more than 5,461. */
const mostVectors = 4_500;
/** Chroma refuses bodies of 40 MiB. */
const mostBytes = 38 * 1024 * 1024;
/** What a vector's id, document and metadata take in a body, generously. */
const bytesBesideVector = 600;

/** How many vectors of so many dimensions go into one upsert. */
export function vectorsAnUpsert(dimensions: number): number {
  return Math.max(
    1,
    Math.min(mostVectors, Math.floor(mostBytes / (base64Length(dimensions) + bytesBesideVector))),
  );
}

/** Gathers deltas into slices of one upsert each. A delta is cut only where it alone is larger than a slice. */
export class SliceBuilder {
  #parts: DeltaPart[] = [];
  #vectors = 0;

  /** The slices that the delta completes. All deltas have the same dimensions. */
  *add(delta: Delta): Generator<DeltaPart[]> {
    const size = vectorsAnUpsert(delta.dimensions);
    const count = delta.ids.length;
    if (this.#vectors + count > size) yield* this.rest();
    let from = 0;
    for (; count - from > size; from += size) yield [{ delta, from, to: from + size }];
    this.#parts.push({ delta, from, to: count });
    this.#vectors += count - from;
  }

  /** The last slice, if there is one. A delta without vectors is in a slice too. */
  *rest(): Generator<DeltaPart[]> {
    if (this.#parts.length > 0) yield this.#parts;
    this.#parts = [];
    this.#vectors = 0;
  }
}
