import { foldText } from "../../core/search/lexical/fold-text.ts";

const saturation = 1.2;
const lengthShare = 0.75;

/** Okapi BM25 over words, as Lucene has it: what a full-text index would answer. */
export class Bm25 {
  readonly #postings = new Map<string, Map<number, number>>();
  readonly #lengths: number[] = [];

  constructor(texts: readonly string[]) {
    for (const [text, words] of texts.map(wordsOf).entries()) {
      this.#lengths.push(words.length);
      for (const word of words) {
        const postings = this.#postings.get(word) ?? new Map<number, number>();
        postings.set(text, (postings.get(text) ?? 0) + 1);
        this.#postings.set(word, postings);
      }
    }
  }

  /** By number of the text. */
  scores(query: string): Float32Array {
    const texts = this.#lengths.length;
    const average = this.#lengths.reduce((sum, length) => sum + length, 0) / texts;
    const scores = new Float32Array(texts);
    for (const word of new Set(wordsOf(query))) {
      const postings = this.#postings.get(word) ?? new Map<number, number>();
      const rarity = Math.log(1 + (texts - postings.size + 0.5) / (postings.size + 0.5));
      for (const [text, times] of postings) {
        const length = 1 - lengthShare + (lengthShare * (this.#lengths[text] ?? 0)) / average;
        scores[text] =
          (scores[text] ?? 0) + (rarity * times * (saturation + 1)) / (times + saturation * length);
      }
    }
    return scores;
  }
}

function wordsOf(text: string): string[] {
  return foldText(text).match(/[\p{L}\p{N}]+(?:[.,/-][\p{L}\p{N}]+)*/gu) ?? [];
}
