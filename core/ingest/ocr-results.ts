import * as z from "zod";
import { imageId, receiptNumber } from "../receipts/rows.ts";
import { problems } from "../text/problems.ts";
import type { OcrFiles } from "./export-receipt.ts";
import { OcrResultsInvalidError } from "./ingest-errors.ts";
import { ndjsonFile } from "./ndjson-file.ts";

/** A row of any shape. */
const row = z.record(z.string(), z.unknown());

/** The event of `export-ocr-results`. Its rows are validated in their files, like those of every export. */
const ocrResults = z.object({
  image_id: imageId,
  receipt_id: receiptNumber,
  lines: z.array(row),
  words: z.array(row),
});

/** The NDJSON files of an event's rows. Throws OcrResultsInvalidError with every problem of the event. */
export async function ocrFilesOf(event: unknown): Promise<OcrFiles> {
  const parsed = ocrResults.safeParse(event);
  if (!parsed.success) throw new OcrResultsInvalidError("The OCR results", problems(parsed.error));
  const { image_id, receipt_id, lines, words } = parsed.data;
  return {
    imageId: image_id,
    receiptId: receipt_id,
    lines: await ndjsonFile(lines),
    words: await ndjsonFile(words),
  };
}
