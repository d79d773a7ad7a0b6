import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Context } from "aws-lambda";
import * as z from "zod";
import { checkOcrFiles, enqueue, uploadOcrFiles } from "../../core/ingest/export-receipt.ts";
import { ocrFilesOf } from "../../core/ingest/ocr-results.ts";
import { processLog } from "../../core/process-log.ts";
import type { EmbedMessage } from "../../core/receipts/embed-message.ts";
import { readEnvironment } from "../../core/settings/environment.ts";

const environment = readEnvironment(
  z.object({ ARTIFACTS_BUCKET: z.string().min(1), EMBED_QUEUE_URL: z.url() }),
);
const log = processLog("export-ocr-results");
const s3 = new S3Client({});
const sqs = new SQSClient({});

/** Exports the OCR rows of one receipt and enqueues it. Throws OcrResultsInvalidError or EnqueueFailedError (F19). */
export async function handler(event: unknown, context: Context): Promise<EmbedMessage> {
  log.addContext(context);
  const files = await ocrFilesOf(event);
  const rows = checkOcrFiles(files);
  const message = await uploadOcrFiles(s3, environment.ARTIFACTS_BUCKET, files);
  await enqueue(sqs, environment.EMBED_QUEUE_URL, [message]);
  log.info("Receipt exported", {
    image_id: message.image_id,
    receipt_id: message.receipt_id,
    keys: [message.lines_key, message.words_key],
    lines: rows.lines,
    words: rows.words,
    problems: rows.notes,
  });
  return message;
}
