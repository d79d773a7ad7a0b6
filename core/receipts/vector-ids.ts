import type { Collection } from "../../contract/collections.ts";
import { fiveDigits, type ReceiptRef, receiptKey } from "./receipt.ts";
import type { LineRow, WordRow } from "./rows.ts";

/** A line, or a word with its line, as in the sort key of its item: `LINE#00001` or `LINE#00001#WORD#00002`. */
export type ReceiptPart = `LINE#${string}`;

/** `IMAGE#{image_id}#RECEIPT#{receipt_id:05d}#LINE#{line_id:05d}`. */
export function lineVectorId(row: Pick<LineRow, "image_id" | "receipt_id" | "line_id">): string {
  return `${receiptKey(receiptOfRow(row))}#LINE#${fiveDigits(row.line_id)}`;
}

export function wordVectorId(row: Pick<WordRow, "image_id" | "receipt_id" | "line_id" | "word_id">): string {
  return `${lineVectorId(row)}#WORD#${fiveDigits(row.word_id)}`;
}

export const vectorIdPattern = /^IMAGE#[^#]+#RECEIPT#\d{5,}#LINE#\d{5,}(#WORD#\d{5,})?$/;

/** The collection of a vector. */
export function collectionOfVector(id: string): Collection {
  return id.includes("#WORD#") ? "words" : "lines";
}

/** The line of a vector, and the word if it is of one. */
export function partsOfVector(id: string): ReceiptPart[] {
  const [, , , , , line = "", , word] = id.split("#");
  const ofLine: ReceiptPart = `LINE#${line}`;
  return word === undefined ? [ofLine] : [ofLine, `${ofLine}#WORD#${word}`];
}

function receiptOfRow(row: Pick<LineRow, "image_id" | "receipt_id">): ReceiptRef {
  return { imageId: row.image_id, receiptId: row.receipt_id };
}
