import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReceiptFolder } from "../core/ingest/export-folder.ts";
import type { LineRow } from "../core/receipts/rows.ts";
import type { BenchReceipt } from "./receipts.ts";

/** Writes the receipts below a folder as an OCR does. */
export function writeReceipts(receipts: readonly BenchReceipt[], folder: string): Promise<ReceiptFolder[]> {
  return Promise.all(
    receipts.map(async ({ imageId, receiptId, lines, words }) => {
      const own = join(folder, imageId, "receipt-00001");
      await mkdir(own, { recursive: true });
      await writeFile(join(own, "lines.ndjson"), ndjson(lines));
      await writeFile(join(own, "words.ndjson"), ndjson(words));
      return { imageId, receiptId, folder: own };
    }),
  );
}

function ndjson(rows: readonly LineRow[]): string {
  return rows.map((row) => JSON.stringify(row)).join("\n");
}
