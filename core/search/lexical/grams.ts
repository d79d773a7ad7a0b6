import { tokens } from "./terms.ts";

/**
 * The grams by which texts are compared, each with its weight relative to one letter: character trigrams of words
 * (including their edges), bigrams of ideographs, and amounts, dates and codes as a whole and in trigrams.
 */
export function grams(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const add = (gram: string, weight: number) => found.set(gram, Math.max(found.get(gram) ?? 0, weight));
  for (const token of tokens(text)) {
    if (token.kind === "ideographs") {
      for (const gram of windows(token.text, 2)) add(gram, 1);
    } else if (token.kind === "whole") {
      add(`=${token.text}`, wholeWeight * token.text.length);
      for (const gram of windows(` ${token.text} `, 3)) add(gram, partWeight);
    } else {
      for (const gram of windows(` ${token.text} `, 3)) add(gram, 1);
    }
  }
  return found;
}

/** An equal number counts nearly as much as its letters; its trigrams say little. */
const wholeWeight = 0.8;
const partWeight = 0.2;

function* windows(text: string, length: number): Generator<string> {
  const letters = [...text];
  if (letters.length <= length) yield text;
  else for (let at = 0; at + length <= letters.length; at++) yield letters.slice(at, at + length).join("");
}
