import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findReceiptFolders, type ReceiptFolder } from "../../core/ingest/export-folder.ts";

/** Scans of real receipts, beside the project: see its README. */
const folder = process.env.RECEIPTS_FOLDER ?? join(import.meta.dirname, "../../../shared/data/receipts");
export const scansArePresent = existsSync(folder);

export interface ScannedReceipt extends ReceiptFolder {
  /** As printed on it; undefined where nobody could read it. */
  readonly company: string | undefined;
}

/** `count` of the scans: first two of each company, those with the most scans first; then the others. */
export async function scannedReceipts(count: number): Promise<ScannedReceipt[]> {
  const folders = await findReceiptFolders(folder);
  const byCompany = new Map<string | undefined, ScannedReceipt[]>();
  for (const receipt of folders) {
    const { company } = JSON.parse(await readFile(join(receipt.folder, "key.json"), "utf8"));
    byCompany.set(company, [...(byCompany.get(company) ?? []), { ...receipt, company }]);
  }
  const ofCompanies = [...byCompany.values()].sort((one, other) => other.length - one.length);
  const pairs = ofCompanies.flatMap((receipts) => receipts.slice(0, 2));
  const others = ofCompanies.flatMap((receipts) => receipts.slice(2));
  return [...pairs, ...others].slice(0, count);
}
