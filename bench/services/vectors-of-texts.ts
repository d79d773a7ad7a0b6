import { hash } from "node:crypto";
import { randomFrom } from "../random.ts";

const seed = 1_536;
const directions = 4_096;

/**
 * Made-up embeddings: a text's vector is the sum of its words' directions, scaled to length 1. So texts that share
 * words lie close together, as they do in a real model, which is what an index's cost depends on. Each vector is
 * computed when its text is first seen, and kept.
 */
export class VectorsOfTexts {
  readonly dimensions: number;
  readonly #directions: Float32Array;
  readonly #base64 = new Map<string, Buffer>();

  constructor(dimensions: number) {
    this.dimensions = dimensions;
    const random = randomFrom(seed);
    this.#directions = Float32Array.from({ length: directions * dimensions }, () => random() - 0.5);
  }

  /** The vector's little-endian float32 values as base64 characters. */
  base64(text: string): Buffer {
    const known = this.#base64.get(text);
    if (known) return known;
    const { buffer, byteLength } = this.floats(text);
    const characters = Buffer.from(Buffer.from(buffer, 0, byteLength).toString("base64"), "latin1");
    this.#base64.set(text, characters);
    return characters;
  }

  floats(text: string): Float32Array {
    const sum = new Float32Array(this.dimensions);
    for (const word of text.split(/\s+/)) {
      const start = (hash("md5", word, "buffer").readUInt32LE() % directions) * this.dimensions;
      for (let at = 0; at < sum.length; at += 1)
        sum[at] = (sum[at] ?? 0) + (this.#directions[start + at] ?? 0);
    }
    const length = Math.sqrt(sum.reduce((squares, value) => squares + value * value, 0));
    return sum.map((value) => value / length);
  }
}
