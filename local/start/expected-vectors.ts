import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Collection } from "../../contract/collections.ts";
import type { ReceiptFolder } from "../../core/ingest/export-folder.ts";
import { parseLines, parseWords } from "../../core/receipts/parse-rows.ts";
import { planLines, planWords } from "../../core/receipts/planned-vectors.ts";
import type { LineRow } from "../../core/receipts/rows.ts";
import { lineVectorId, wordVectorId } from "../../core/receipts/vector-ids.ts";

/** The vectors that the input rows must produce, computed before the run. */
export interface ExpectedVectors {
  readonly receipts: number;
  readonly rows: Readonly<Record<Collection, number>>;
  /** The ids of all rows that are neither noise nor blank. */
  readonly ids: Readonly<Record<Collection, ReadonlySet<string>>>;
  readonly distinctTexts: number;
}

/** Reads every row of the receipts. Files that are missing are the export's to report. */
export async function expectedVectors(folders: readonly ReceiptFolder[]): Promise<ExpectedVectors> {
  const rows = { lines: 0, words: 0 };
  const ids = { lines: new Set<string>(), words: new Set<string>() };
  const texts = new Set<string>();
  for (const folder of folders) {
    const lines = parseLines(await file(folder, "lines"), folder).rows;
    const words = parseWords(await file(folder, "words"), folder).rows;
    rows.lines += lines.length;
    rows.words += words.length;
    for (const line of lines.filter(isSearchable)) ids.lines.add(lineVectorId(line));
    for (const word of words.filter(isSearchable)) ids.words.add(wordVectorId(word));
    for (const { text } of [...planLines(lines, words), ...planWords(words)]) texts.add(text);
  }
  return { receipts: folders.length, rows, ids, distinctTexts: texts.size };
}

function isSearchable({ is_noise, text }: LineRow): boolean {
  return !is_noise && text.trim() !== "";
}

async function file({ folder }: ReceiptFolder, collection: Collection): Promise<Uint8Array> {
  return readFile(join(folder, `${collection}.ndjson`)).catch(() => new Uint8Array());
}
