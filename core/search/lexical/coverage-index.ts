import { Turns } from "../../resilience/turns.ts";
import { grams } from "./grams.ts";

/** A query's grams, each with its weight among all texts that are searched. */
export interface WeightedQuery {
  readonly weights: ReadonlyMap<string, number>;
  /** Sum of the weights. */
  readonly whole: number;
}

/** Texts whose numbers differ in 16 bits: a posting is that half of a number. */
const textsPerBlock = 2 ** 16;

/** Texts by their grams, for the coverage of queries. Texts are numbered from 0 in their order. */
export class CoverageIndex {
  readonly #texts: number;
  /** Of each gram, its number. */
  readonly #grams: ReadonlyMap<string, number>;
  readonly #blocks: number;
  /** Places in their block of the texts of all grams, one gram after another: a list for each would take more than its numbers. */
  readonly #postings: Uint16Array;
  /** By number of the gram and block, where its texts begin; one more for the end. */
  readonly #starts: Int32Array;

  private constructor(texts: number, lists: ReadonlyMap<string, readonly number[]>) {
    this.#texts = texts;
    this.#grams = new Map(Array.from(lists.keys(), (gram, number) => [gram, number]));
    this.#blocks = Math.ceil(texts / textsPerBlock);
    this.#starts = new Int32Array(lists.size * this.#blocks + 1);
    let [start, end] = [0, 0];
    for (const { length } of lists.values()) end += length;
    this.#postings = new Uint16Array(end);
    end = 0;
    for (const list of lists.values()) {
      let at = 0;
      for (let block = 1; block <= this.#blocks; block++) {
        // In a list numbers only grow. What the array keeps of one is its place in its block.
        for (; at < list.length && (list[at] as number) < block * textsPerBlock; at++)
          this.#postings[end++] = list[at] as number;
        this.#starts[++start] = end;
      }
    }
  }

  /** Takes turns with other work of the process. */
  static async of(texts: Iterable<string>): Promise<CoverageIndex> {
    const turns = new Turns();
    const lists = new Map<string, number[]>();
    let number = 0;
    for (const text of texts) {
      for (const gram of grams(text).keys()) {
        const list = lists.get(gram);
        if (list) list.push(number);
        else lists.set(gram, [number]);
      }
      number += 1;
      if (turns.isOver) await turns.next();
    }
    return new CoverageIndex(number, lists);
  }

  get size(): number {
    return this.#texts;
  }

  /** Memory beside the heap. */
  get bytes(): number {
    return this.#postings.byteLength + this.#starts.byteLength;
  }

  /** How many texts contain the gram. */
  frequency(gram: string): number {
    const number = this.#grams.get(gram);
    return number === undefined ? 0 : this.#start(number + 1, 0) - this.#start(number, 0);
  }

  /** By number of the text: the share of the query's weight that the text contains, 0 to 1. */
  coverage({ weights, whole }: WeightedQuery): Float32Array {
    const shares = new Float32Array(this.#texts);
    if (whole === 0) return shares;
    for (const [gram, weight] of weights) {
      const number = this.#grams.get(gram);
      if (number === undefined) continue;
      const share = weight / whole;
      for (let block = 0; block < this.#blocks; block++) {
        const end = this.#start(number, block + 1);
        const first = block * textsPerBlock;
        for (let at = this.#start(number, block); at < end; at++) {
          const text = first + (this.#postings[at] as number);
          shares[text] = (shares[text] as number) + share;
        }
      }
    }
    return shares;
  }

  #start(gram: number, block: number): number {
    return this.#starts[gram * this.#blocks + block] as number;
  }
}

/** Weighs a query's grams by their rarity in all of these indexes together. */
export function weigh(query: string, indexes: readonly CoverageIndex[]): WeightedQuery {
  const texts = indexes.reduce((sum, index) => sum + index.size, 0);
  const weights = new Map<string, number>();
  let whole = 0;
  for (const [gram, times] of grams(query)) {
    const frequency = indexes.reduce((sum, index) => sum + index.frequency(gram), 0);
    const weight = times * Math.log(1 + (texts - frequency + 0.5) / (frequency + 0.5));
    weights.set(gram, weight);
    whole += weight;
  }
  return { weights, whole };
}
