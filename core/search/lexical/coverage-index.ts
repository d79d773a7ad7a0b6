import { grams } from "./grams.ts";

/** A query's grams, each with what it is worth among all texts that are searched. */
export interface WeightedQuery {
  readonly weights: ReadonlyMap<string, number>;
  /** Sum of the weights. */
  readonly whole: number;
}

/** Texts by their grams, for the coverage of queries. Texts are numbered from 0 as they are added. */
export class CoverageIndex {
  readonly #postings = new Map<string, number[]>();
  #texts = 0;

  add(text: string): void {
    const number = this.#texts++;
    for (const gram of grams(text).keys()) {
      const postings = this.#postings.get(gram);
      if (postings) postings.push(number);
      else this.#postings.set(gram, [number]);
    }
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
      for (const text of this.#postings.get(gram) ?? []) shares[text] = (shares[text] ?? 0) + share;
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
