import { foldText } from "../search/lexical/fold-text.ts";

/**
 * Returns the words and numbers of a text without case, width, diacritics and punctuation: "Jln. Ｋuchai 2/9" -> jln,
 * kuchai, 2, 9.
 */
export function foldWords(text: string): string[] {
  return foldText(text).match(/\p{L}+|\p{N}+/gu) ?? [];
}

const shortest = 2;

/**
 * Returns the similarity of two texts from 0 to 1: the share of common pairs of characters (Dice's coefficient). A
 * misread character costs two pairs of each text.
 */
export function likeness(one: string, other: string): number {
  if (one === other) return 1;
  if (one.length < shortest || other.length < shortest) return 0;
  const pairs = new Map<string, number>();
  for (const pair of pairsOf(one)) pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  let shared = 0;
  for (const pair of pairsOf(other)) {
    const left = pairs.get(pair) ?? 0;
    if (left > 0) shared += 1;
    pairs.set(pair, left - 1);
  }
  return (2 * shared) / (one.length + other.length - 2);
}

function pairsOf(text: string): string[] {
  return Array.from({ length: text.length - 1 }, (_, at) => text.slice(at, at + 2));
}
