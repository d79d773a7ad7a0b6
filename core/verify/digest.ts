import { hash } from "node:crypto";
import type { VectorMetadata } from "../deltas/delta.ts";

/** A vector without its numbers. */
export interface Described {
  readonly id: string;
  readonly document: string;
  readonly metadata: VectorMetadata;
}

/** A vector's document and metadata as short hashes. */
export interface VectorDigest {
  readonly id: string;
  readonly document: string;
  readonly metadata: string;
}

export function digestOf({ id, document, metadata }: Described): VectorDigest {
  return { id, document: short(document), metadata: short(canonical(metadata)) };
}

/** A checksum of vectors that does not depend on their order. Equal sums mean equal vectors. */
export class Checksum {
  vectors = 0;
  #sum = 0n;

  add({ id, document, metadata }: VectorDigest): void {
    this.vectors += 1;
    const own = hash("sha256", `${document}${metadata}${id}`, "buffer").readBigUInt64LE();
    this.#sum = BigInt.asUintN(64, this.#sum + own);
  }

  toString(): string {
    return `${this.vectors}:${this.#sum.toString(16)}`;
  }
}

export function checksumOf(vectors: Iterable<Described>): string {
  const checksum = new Checksum();
  for (const vector of vectors) checksum.add(digestOf(vector));
  return checksum.toString();
}

/**
 * Serialises metadata independently of key order and with types: "1" is not 1. Fractions are rounded to 24 bits,
 * because Chroma does not preserve all digits; two equal ones still round differently about once in a hundred million.
 */
function canonical(metadata: VectorMetadata): string {
  const keys = Object.keys(metadata).sort();
  return JSON.stringify(keys.map((key) => [key, rounded(metadata[key])]));
}

function rounded(value: VectorMetadata[string] | undefined) {
  return typeof value === "number" && !Number.isInteger(value) ? Math.fround(value) : value;
}

/** 64 bits as text of constant length. */
function short(text: string): string {
  return hash("sha256", text, "buffer").toString("base64url", 0, 8);
}
