import type { WordRow } from "../../core/receipts/rows.ts";
import { randomFrom } from "../random.ts";
import { type BenchReceipt, imageOf, lineRow } from "../receipts.ts";

const seed = 500;
const usualLines = 4;
export const wordsPerLine = 5;
/** A power of two, as the height of a row is. */
const placesPerLine = 8;
export const wordsPerReceipt = usualLines * wordsPerLine;

const goods = ["milk", "bread", "tea", "rice", "soap", "oil", "lentils", "paper", "coffee", "yogurt"];

/**
 * Synthetic receipts with a given number of lines of five words, every word with its own text. The same numbers give the
 * same receipts; `first` is the number of the first.
 */
export function wordReceipts(count: number, linesPerReceipt = usualLines, first = 0): BenchReceipt[] {
  const random = randomFrom(seed);
  const word = (number: number) => `${goods[Math.floor(random() * goods.length)]}${number}`;
  return Array.from({ length: count }, (_, position) => {
    const receipt = first + position;
    const imageId = imageOf(receipt);
    const lines = Array.from({ length: linesPerReceipt }, (_, line) => {
      const wordsBefore = (receipt * linesPerReceipt + line) * wordsPerLine;
      const texts = Array.from({ length: wordsPerLine }, (_, place) => word(wordsBefore + place));
      return {
        row: lineRow(imageId, line + 1, texts.join(" ")),
        words: texts.map((text, place) => wordRow(imageId, line + 1, place, text)),
      };
    });
    return {
      imageId,
      receiptId: 1,
      lines: lines.map(({ row }) => row),
      words: lines.flatMap(({ words }) => words),
    };
  });
}

function wordRow(imageId: string, line: number, place: number, text: string): WordRow {
  const [from, to] = [place / placesPerLine, (place + 0.75) / placesPerLine];
  return { ...lineRow(imageId, line, text, [from, to]), word_id: place + 1, extracted_data: null };
}
