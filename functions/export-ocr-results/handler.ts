import { Logger } from "@aws-lambda-powertools/logger";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Context } from "aws-lambda";
import { z } from "zod";
import { checkOcrFiles, enqueue, uploadOcrFiles } from "../../core/ingest/export-receipt.ts";
import { ocrFilesOf } from "../../core/ingest/ocr-results.ts";
import type { EmbedMessage } from "../../core/receipts/embed-message.ts";
import { readEnvironment } from "../../core/settings/environment.ts";

const environment = readEnvironment(
  z.object({ ARTIFACTS_BUCKET: z.string().min(1), EMBED_QUEUE_URL: z.url() }),
);
const logger = new Logger({ serviceName: "export-ocr-results" });
const s3 = new S3Client({});
const sqs = new SQSClient({});

/** Exports the OCR rows of one receipt and enqueues it. Throws OcrResultsInvalidError or EnqueueFailedError (F19). */
export async function handler(event: unknown, context: Context): Promise<EmbedMessage> {
  logger.addContext(context);
  const files = await ocrFilesOf(event);
  const rows = checkOcrFiles(files);
  const message = await uploadOcrFiles(s3, environment.ARTIFACTS_BUCKET, files);
  await enqueue(sqs, environment.EMBED_QUEUE_URL, [message]);
  logger.info("Receipt exported", { ...message, ...rows });
  return message;
}
