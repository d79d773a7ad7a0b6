import { checkOcrFiles, enqueue, uploadOcrFiles } from "../../core/ingest/export-receipt.ts";
import { ocrFilesOf } from "../../core/ingest/ocr-results.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import type { EmbedMessage } from "../../core/receipts/embed-message.ts";
import { exportConfig } from "./config.ts";
import { exportDeps } from "./deps.ts";

/** Exports the OCR rows of one receipt and enqueues it. Throws OcrResultsInvalidError or EnqueueFailedError (F19). */
export const handler = defineFunction({
  name: "export-ocr-results",
  config: exportConfig,
  deps: exportDeps,
  async handle(event: unknown, { s3, artifactsBucket, sqs, embedQueueUrl, log }): Promise<EmbedMessage> {
    const files = await ocrFilesOf(event);
    const rows = checkOcrFiles(files);
    const message = await uploadOcrFiles(s3, artifactsBucket, files);
    await enqueue(sqs, embedQueueUrl, [message]);
    log.info("Receipt exported", {
      image_id: message.image_id,
      receipt_id: message.receipt_id,
      keys: [message.lines_key, message.words_key],
      lines: rows.lines,
      words: rows.words,
      problems: rows.notes,
    });
    return message;
  },
});
