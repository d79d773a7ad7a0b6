import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findReceiptFolders } from "../../../core/ingest/export-folder.ts";
import { checkOcrFiles } from "../../../core/ingest/export-receipt.ts";
import { lineTexts } from "../../../core/receipts/embedded-texts.ts";
import { parseLines } from "../../../core/receipts/parse-rows.ts";

const samples = join(import.meta.dirname, "../../../samples/receipts");

test("the sample receipts have rows without a fault", async () => {
  const folders = await findReceiptFolders(samples);
  const counts = folders.map(({ folder, imageId, receiptId }) => {
    const lines = readFileSync(join(folder, "lines.ndjson"));
    const words = readFileSync(join(folder, "words.ndjson"));
    return checkOcrFiles({ imageId, receiptId, lines, words });
  });
  expect(counts).toHaveLength(14);
  for (const { lines, words } of counts) {
    expect(lines).toBeGreaterThanOrEqual(12);
    expect(words).toBeGreaterThan(lines);
  }
});

test("an article and its price share a visual row", async () => {
  const [first] = await findReceiptFolders(samples);
  if (!first) throw new Error("There is no sample.");
  const { rows } = parseLines(readFileSync(join(first.folder, "lines.ndjson")), first);
  const coat = rows.find((row) => row.text === "1 WOOL COAT DRY CLEAN");
  expect(coat && lineTexts(rows).get(coat)?.whole).toBe("1 WOOL COAT DRY CLEAN 16.50");
});
