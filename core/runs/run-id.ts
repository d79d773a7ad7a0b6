import { hash } from "node:crypto";
import type { ReceiptRef } from "../receipts/receipt.ts";

/** Everything that determines the vectors of a run. */
export interface RunContent extends ReceiptRef {
  /** SHA-256 of the lines object and of the words object. */
  readonly linesHash: string;
  readonly wordsHash: string;
  readonly model: string;
  readonly dimensions: number;
  readonly textFormat: string;
}

/** The same content gives the same run id, so that work from before a crash is reused. 32 hexadecimal digits. */
export function runIdOf(content: RunContent): string {
  const parts = [
    content.imageId,
    content.receiptId,
    content.linesHash,
    content.wordsHash,
    content.model,
    content.dimensions,
    content.textFormat,
  ];
  return hash("sha256", JSON.stringify(parts)).slice(0, 32);
}
