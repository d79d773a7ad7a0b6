import { hash } from "node:crypto";

/** Three words of a digest, and a row number. */
const wordsPerSide = 4;
const firstPermits = 16;
const maxLoad = 0.75;

/** A row, and the later one with the same place that replaces it. */
export interface ReplacedRow {
  readonly row: number;
  readonly by: number;
}

/**
 * Finds the last row of each place in a file (F28). Stores 96 bits of a digest and a row number per place: with spare
 * room some 28 bytes, independent of the length of ids, so a million rows take 28 MB. Two places share a digest in
 * about one of 10^17 such files.
 */
export class LastRows {
  /** Partitioned by the first byte of the digest, so that only one part grows at a time. */
  readonly #parts: Part[] = Array.from({ length: 256 }, () => new Part());
  readonly #replaced: ReplacedRow[] = [];

  /** Rows are numbered from 1 and must be added in the order of the file. */
  add(place: string, row: number): void {
    const digest = hash("sha1", place, "buffer");
    this.#put(digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), row);
  }

  /** Adds the rows of a later part of the same file. */
  join(later: LastRows): void {
    for (const part of later.#parts) part.each((...slot) => this.#put(...slot));
    for (const replaced of later.#replaced) this.#replaced.push(replaced);
  }

  /** Sorted by row. */
  replaced(): ReplacedRow[] {
    return this.#replaced.sort((one, other) => one.row - other.row);
  }

  #put(first: number, second: number, third: number, row: number): void {
    const earlier = this.#parts[first & 0xff]?.put(first, second, third, row) ?? 0;
    if (earlier > 0) this.#replaced.push({ row: earlier, by: row });
  }
}

/** A hash table with open addressing. A slot is free if its row is 0. */
class Part {
  #slots = new Uint32Array(firstPermits * wordsPerSide);
  #used = 0;

  /** Returns the previous row of the place; 0 if there is none. */
  put(first: number, second: number, third: number, row: number): number {
    if (this.#used >= (this.#slots.length / wordsPerSide) * maxLoad) this.#grow();
    const at = this.#find(first, second, third);
    const earlier = this.#slots[at + 3] ?? 0;
    if (earlier === 0) {
      this.#slots.set([first, second, third], at);
      this.#used += 1;
    }
    this.#slots[at + 3] = row;
    return earlier;
  }

  each(work: (first: number, second: number, third: number, row: number) => void): void {
    for (let at = 0; at < this.#slots.length; at += wordsPerSide) {
      const [first = 0, second = 0, third = 0, row = 0] = this.#slots.subarray(at, at + wordsPerSide);
      if (row > 0) work(first, second, third, row);
    }
  }

  #find(first: number, second: number, third: number): number {
    const mask = this.#slots.length / wordsPerSide - 1;
    for (let slot = (first >>> 8) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * wordsPerSide;
      const isFree = this.#slots[at + 3] === 0;
      const isSame =
        this.#slots[at] === first && this.#slots[at + 1] === second && this.#slots[at + 2] === third;
      if (isFree || isSame) return at;
    }
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    for (let at = 0; at < before.length; at += wordsPerSide) {
      const [first = 0, second = 0, third = 0, row = 0] = before.subarray(at, at + wordsPerSide);
      if (row > 0) this.#slots.set([first, second, third, row], this.#find(first, second, third));
    }
  }
}
