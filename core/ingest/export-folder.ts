import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { EmbedMessage } from "../receipts/embed-message.ts";
import type { ReceiptRef } from "../receipts/receipt.ts";
import { imageId } from "../receipts/rows.ts";
import { type CheckedRows, checkOcrFiles, enqueue, enqueueBatch, uploadOcrFiles } from "./export-receipt.ts";
import { EnqueueFailedError, NoReceiptsError } from "./ingest-errors.ts";

/** A folder `{image_id}/receipt-{number}` with the two NDJSON files of a receipt. */
export interface ReceiptFolder extends ReceiptRef {
  readonly folder: string;
}

export interface ExportDeps {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly artifactsBucket: string;
  readonly embedQueueUrl: string;
}

/** Counts so far; `failures` has one entry per receipt that was not exported. */
export interface ExportProgress {
  receipts: number;
  lines: number;
  words: number;
  readonly failures: Error[];
  /** Descriptions of rows that embedding will repair. */
  readonly notes: string[];
  /** The messages that were sent. */
  readonly sent: EmbedMessage[];
}

/** The receipts under a path, by image and number; links are followed. Throws NoReceiptsError. */
export async function findReceiptFolders(path: string): Promise<ReceiptFolder[]> {
  const found: ReceiptFolder[] = [];
  for (const image of await namesIn(path)) {
    if (!imageId.safeParse(image).success) continue;
    for (const name of await namesIn(join(path, image))) {
      const number = /^receipt-(\d+)$/.exec(name)?.[1];
      if (number === undefined) continue;
      found.push({ imageId: image, receiptId: Number(number), folder: join(path, image, name) });
    }
  }
  if (found.length === 0) throw new NoReceiptsError(path);
  return found;
}

/** Sorted; empty if the folder does not exist. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

/**
 * Validates, uploads and enqueues receipts in batches of ten, and reports after each batch. A receipt with an invalid
 * row is not exported and counts as a failure; the others proceed.
 */
export async function exportFolders(
  folders: readonly ReceiptFolder[],
  deps: ExportDeps,
  report: (progress: Readonly<ExportProgress>) => void,
): Promise<Readonly<ExportProgress>> {
  const progress: ExportProgress = { receipts: 0, lines: 0, words: 0, failures: [], notes: [], sent: [] };
  for (let start = 0; start < folders.length; start += enqueueBatch) {
    const batch = folders.slice(start, start + enqueueBatch);
    const uploads = await Promise.all(batch.map((folder) => uploadFolder(folder, deps)));
    const uploaded = uploads.flatMap((upload) => ("message" in upload ? upload : []));
    const refused = await refusedBy(deps, uploaded);
    for (const { rows, message } of uploaded.filter((one) => !refused.has(one.message))) {
      progress.sent.push(message);
      progress.receipts += 1;
      progress.lines += rows.lines;
      progress.words += rows.words;
      progress.notes.push(...rows.notes);
    }
    progress.failures.push(...uploads.flatMap((upload) => ("failure" in upload ? upload.failure : [])));
    progress.failures.push(...refused.values());
    report(progress);
  }
  return progress;
}

interface Upload {
  readonly message: EmbedMessage;
  readonly rows: CheckedRows;
}

async function uploadFolder(
  { folder, imageId: image, receiptId }: ReceiptFolder,
  { s3, artifactsBucket }: ExportDeps,
): Promise<Upload | { readonly failure: Error }> {
  try {
    const [lines, words] = await Promise.all([
      readFile(join(folder, "lines.ndjson")),
      readFile(join(folder, "words.ndjson")),
    ]);
    const files = { imageId: image, receiptId, lines, words };
    const rows = checkOcrFiles(files);
    return { rows, message: await uploadOcrFiles(s3, artifactsBucket, files) };
  } catch (failure) {
    return { failure: failure as Error };
  }
}

/** The messages that the queue did not accept, with their errors. */
async function refusedBy(
  { sqs, embedQueueUrl }: ExportDeps,
  uploaded: readonly Upload[],
): Promise<Map<EmbedMessage, Error>> {
  if (uploaded.length === 0) return new Map();
  const messages = uploaded.map(({ message }) => message);
  try {
    await enqueue(sqs, embedQueueUrl, messages);
    return new Map();
  } catch (error) {
    const lost = error instanceof EnqueueFailedError ? error.refused : messages;
    return new Map(lost.map((message) => [message, error as Error]));
  }
}
