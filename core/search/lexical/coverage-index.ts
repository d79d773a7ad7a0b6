import { Turns } from "../../resilience/turns.ts";
import { grams } from "./grams.ts";

/** The grams of a query, each weighted by its rarity in all searched texts. */
export interface WeightedQuery {
  readonly weights: ReadonlyMap<string, number>;
  /** Sum of the weights. */
  readonly whole: number;
}

/** Number of texts per block, so that a posting fits in 16 bits. */
const textsPerBlock = 2 ** 16;

/**
 * An inverted index from grams to texts that computes the coverage of queries. Texts are numbered from 0 in their
 * order.
 */
export class CoverageIndex {
  readonly #texts: number;
  /** The number of each gram. */
  readonly #grams: ReadonlyMap<string, number>;
  readonly #blocks: number;
  /**
   * The postings of all grams in one array, as positions within their block. A separate list per gram would take more
   * memory than its postings.
   */
  readonly #postings: Uint16Array;
  /** The start of each gram's postings in each block, and one more entry for the end. */
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
        // The numbers in a list are ascending. The array stores only the position in the block (16 bits).
        for (; at < list.length && (list[at] as number) < block * textsPerBlock; at++)
          this.#postings[end++] = list[at] as number;
        this.#starts[++start] = end;
      }
    }
  }

  /** Yields regularly to other work of the process. */
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

  /** Bytes outside the JavaScript heap. */
  get bytes(): number {
    return this.#postings.byteLength + this.#starts.byteLength;
  }

  /** The number of texts that contain the gram. */
  frequency(gram: string): number {
    const number = this.#grams.get(gram);
    return number === undefined ? 0 : this.#start(number + 1, 0) - this.#start(number, 0);
  }

  /** The share of the query's weight that each text contains, from 0 to 1, by number of the text. */
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
