import { Turns } from "../../resilience/turns.ts";
import { grams } from "./grams.ts";

/** A query's grams, each with what it is worth among all texts that are searched. */
export interface WeightedQuery {
  readonly weights: ReadonlyMap<string, number>;
  /** Sum of the weights. */
  readonly whole: number;
}

const none = new Int32Array(0);

/** Texts by their grams, for the coverage of queries. Texts are numbered from 0 in their order. */
export class CoverageIndex {
  readonly #postings: ReadonlyMap<string, Int32Array>;
  readonly #texts: number;

  private constructor(postings: ReadonlyMap<string, Int32Array>, texts: number) {
    this.#postings = postings;
    this.#texts = texts;
  }

  /** Takes turns with other work of the process. */
  static async of(texts: Iterable<string>): Promise<CoverageIndex> {
    const turns = new Turns();
    const growing = new Map<string, number[]>();
    let number = 0;
    for (const text of texts) {
      for (const gram of grams(text).keys()) {
        const postings = growing.get(gram);
        if (postings) postings.push(number);
        else growing.set(gram, [number]);
      }
      number += 1;
      if (turns.isOver) await turns.next();
    }
    // Half of the memory of lists that can grow, or less.
    const postings = new Map<string, Int32Array>();
    for (const [gram, numbers] of growing) {
      postings.set(gram, Int32Array.from(numbers));
      if (turns.isOver) await turns.next();
    }
    return new CoverageIndex(postings, number);
  }

  get size(): number {
    return this.#texts;
  }

  /** How many texts contain the gram. */
  frequency(gram: string): number {
    return this.#postings.get(gram)?.length ?? 0;
  }

  /** By number of the text: the share of the query's weight that the text contains, 0 to 1. */
  coverage({ weights, whole }: WeightedQuery): Float32Array {
    const shares = new Float32Array(this.#texts);
    if (whole === 0) return shares;
    for (const [gram, weight] of weights) {
      const share = weight / whole;
      const postings = this.#postings.get(gram) ?? none;
      for (let at = 0; at < postings.length; at++) {
        const text = postings[at] as number;
        shares[text] = (shares[text] as number) + share;
      }
    }
    return shares;
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
