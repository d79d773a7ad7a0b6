import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findReceiptFolders } from "../../core/ingest/export-folder.ts";
import { parseLines } from "../../core/receipts/parse-rows.ts";
import { receiptKey } from "../../core/receipts/receipt.ts";
import { visualRows } from "../../core/receipts/visual-rows.ts";

/** The printed text of a receipt; undefined where it is illegible. */
export interface ReceiptFacts {
  readonly company?: string | undefined;
  readonly date?: string | undefined;
  readonly address?: string | undefined;
  readonly total?: string | undefined;
}

/** One visual row: what a hit shows. */
export interface CorpusRow {
  readonly number: number;
  readonly receipt: string;
  /** 0 for the highest row of the receipt. */
  readonly position: number;
  readonly text: string;
}

export interface CorpusReceipt {
  readonly key: string;
  readonly facts: ReceiptFacts;
  readonly rows: readonly CorpusRow[];
}

/** Every receipt below a folder with its visual rows, and what `key.json` says of it where there is one. */
export async function readCorpus(folder: string): Promise<CorpusReceipt[]> {
  let number = 0;
  const receipts: CorpusReceipt[] = [];
  for (const found of await findReceiptFolders(folder)) {
    const { rows: lines } = parseLines(await readFile(join(found.folder, "lines.ndjson")), found);
    const facts = await readFile(join(found.folder, "key.json"), "utf8").then(JSON.parse, () => ({}));
    const key = receiptKey(found);
    const rows = visualRows(lines.filter((line) => !line.is_noise && line.text.trim() !== "")).map(
      (row, position): CorpusRow => ({
        number: number++,
        receipt: key,
        position,
        text: row.map((line) => line.text).join(" "),
      }),
    );
    receipts.push({ key, facts, rows });
  }
  return receipts;
}
