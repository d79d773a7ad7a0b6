import { hash } from "node:crypto";
import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Collection } from "../../contract/collections.ts";
import type { EmbedMessage } from "../receipts/embed-message.ts";
import { parseLines, parseWords } from "../receipts/parse-rows.ts";
import { fiveDigits, type ReceiptRef } from "../receipts/receipt.ts";
import { EnqueueFailedError, OcrResultsInvalidError } from "./ingest-errors.ts";

/** Maximum number of messages per SendMessageBatch call. */
export const enqueueBatch = 10;

/** The NDJSON files of one receipt. */
export interface OcrFiles extends ReceiptRef {
  readonly lines: Uint8Array;
  readonly words: Uint8Array;
}

export interface CheckedRows {
  readonly lines: number;
  readonly words: number;
  /** Rows that embedding will repair, with their position. */
  readonly notes: readonly string[];
}

/** Maximum number of problems in an error message. */
const maxProblemsShown = 100;

/** Validates every row of both files. Throws OcrResultsInvalidError with up to a hundred problems. */
export function checkOcrFiles(files: OcrFiles): CheckedRows {
  const lines = parseLines(files.lines, files);
  const words = parseWords(files.words, files);
  const problems = [...lines.rejected, ...words.rejected].map(
    (rejected) => `${rejected.file} line ${rejected.line_number}: ${rejected.reason}`,
  );
  if (lines.rows.length === 0 && problems.length === 0) problems.push("there is no line");
  const subject = `Receipt ${files.receiptId} of image ${files.imageId}`;
  const more = problems.length - maxProblemsShown;
  const shown = [...problems.slice(0, maxProblemsShown), ...(more > 0 ? [`and ${more} more`] : [])];
  if (problems.length > 0) throw new OcrResultsInvalidError(subject, shown);
  const notes = [...lines.repaired, ...words.repaired].map(
    ({ file, line_number, what }) => `${subject}: ${file} line ${line_number}: ${what}`,
  );
  return { lines: lines.rows.length, words: words.rows.length, notes };
}

/** Uploads both files under keys that name their content, and returns the message that embeds them. */
export async function uploadOcrFiles(s3: S3Client, bucket: string, files: OcrFiles): Promise<EmbedMessage> {
  const [linesKey, wordsKey] = await Promise.all([
    upload(s3, bucket, files, "lines"),
    upload(s3, bucket, files, "words"),
  ]);
  return {
    image_id: files.imageId,
    receipt_id: files.receiptId,
    artifacts_bucket: bucket,
    lines_key: linesKey,
    words_key: wordsKey,
    // A message that is replayed from a dead-letter queue must not become the newest revision.
    exported_at: Date.now(),
  };
}

/** The key prefix of a receipt's rows in the artifacts bucket. */
export function rowsFolder({ imageId, receiptId }: ReceiptRef): string {
  return `receipts/${imageId}/receipt-${fiveDigits(receiptId)}/`;
}

/** Sends up to `enqueueBatch` messages. Throws EnqueueFailedError with the receipts that the queue did not accept. */
export async function enqueue(
  sqs: SQSClient,
  queueUrl: string,
  messages: readonly EmbedMessage[],
): Promise<void> {
  const Entries = messages.map((message, index) => ({
    Id: String(index),
    MessageBody: JSON.stringify(message),
  }));
  const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  const [first] = Failed;
  if (!first) return;
  const refused = Failed.flatMap(({ Id }) => messages[Number(Id)] ?? []);
  throw new EnqueueFailedError(refused, `${first.Code}: ${first.Message ?? "no reason given"}`);
}

async function upload(
  s3: S3Client,
  bucket: string,
  files: OcrFiles,
  collection: Collection,
): Promise<string> {
  const content = files[collection];
  const key = `${rowsFolder(files)}${collection}-${contentName(content)}.ndjson`;
  await s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: content, ContentType: "application/x-ndjson" }),
  );
  return key;
}

function contentName(content: Uint8Array): string {
  return hash("sha256", content).slice(0, 16);
}
