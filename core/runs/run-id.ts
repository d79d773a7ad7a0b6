import { hash } from "node:crypto";
import type { DocumentRef } from "../documents/documents.ts";
import { documentModel } from "../documents/documents.ts";

/** Everything that determines the vectors of a run. */
export interface RunContent extends DocumentRef {
  /** SHA-256 of the lines object and of the words object. */
  readonly linesHash: string;
  readonly wordsHash: string;
  readonly model: string;
  readonly dimensions: number;
  readonly textFormat: string;
}

/**
 * The run id of this content: 32 hexadecimal digits. The same content has the same id, so that work done before a crash
 * is reused.
 */
export function runIdOf(content: RunContent): string {
  const parts = [
    ...Object.values(documentModel.toStored(content)),
    content.linesHash,
    content.wordsHash,
    content.model,
    content.dimensions,
    content.textFormat,
  ];
  return hash("sha256", JSON.stringify(parts)).slice(0, 32);
}
