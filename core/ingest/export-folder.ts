import { glob, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { EmbedMessage } from "../receipts/embed-message.ts";
import type { ReceiptRef } from "../receipts/receipt.ts";
import { imageId } from "../receipts/rows.ts";
import { checkOcrFiles, enqueue, enqueueBatch, uploadOcrFiles } from "./export-receipt.ts";
import { EnqueueFailed, NoReceipts } from "./ingest-failures.ts";

/** A folder `{image_id}/receipt-{number}` with the two NDJSON files of a receipt. */
export interface ReceiptFolder extends ReceiptRef {
  readonly folder: string;
}

export interface ExportServices {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly artifactsBucket: string;
  readonly embedQueueUrl: string;
}

/** Counts so far; `failures` has one entry a receipt that was not exported. */
export interface ExportProgress {
  receipts: number;
  lines: number;
  words: number;
  readonly failures: Error[];
}

/** The receipts under a path, by image and number. Throws NoReceipts. */
export async function findReceiptFolders(path: string): Promise<ReceiptFolder[]> {
  const found: ReceiptFolder[] = [];
  for await (const file of glob("*/receipt-*/lines.ndjson", { cwd: path })) {
    const [image = "", receipt = ""] = file.split(sep);
    const number = /^receipt-(\d+)$/.exec(receipt)?.[1];
    if (number === undefined || !imageId.safeParse(image).success) continue;
    found.push({ imageId: image, receiptId: Number(number), folder: join(path, image, receipt) });
  }
  if (found.length === 0) throw new NoReceipts(path);
  return found.sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/**
 * Checks, uploads and enqueues receipts, ten at a time, and reports after each ten. A receipt with a bad row is
 * not exported and counts as a failure; the others go on.
 */
export async function exportFolders(
  folders: readonly ReceiptFolder[],
  services: ExportServices,
  report: (progress: Readonly<ExportProgress>) => void,
): Promise<Readonly<ExportProgress>> {
  const progress: ExportProgress = { receipts: 0, lines: 0, words: 0, failures: [] };
  for (let start = 0; start < folders.length; start += enqueueBatch) {
    const batch = folders.slice(start, start + enqueueBatch);
    const uploaded = await Promise.all(batch.map((folder) => exportFolder(folder, services, progress)));
    const messages = uploaded.flatMap((message) => message ?? []);
    const refused = messages.length > 0 ? await refusedBy(services, messages) : [];
    progress.receipts += messages.length - refused.length;
    progress.failures.push(...refused);
    report(progress);
  }
  return progress;
}

/** The message of an uploaded receipt; undefined where the receipt failed, which `progress` tells. */
async function exportFolder(
  { folder, imageId: image, receiptId }: ReceiptFolder,
  { s3, artifactsBucket }: ExportServices,
  progress: ExportProgress,
): Promise<EmbedMessage | undefined> {
  try {
    const [lines, words] = await Promise.all([
      readFile(join(folder, "lines.ndjson")),
      readFile(join(folder, "words.ndjson")),
    ]);
    const files = { imageId: image, receiptId, lines, words };
    const rows = checkOcrFiles(files);
    const message = await uploadOcrFiles(s3, artifactsBucket, files);
    progress.lines += rows.lines;
    progress.words += rows.words;
    return message;
  } catch (error) {
    progress.failures.push(error as Error);
    return undefined;
  }
}

/** One failure a message that the queue did not take. */
async function refusedBy(services: ExportServices, messages: readonly EmbedMessage[]): Promise<Error[]> {
  try {
    await enqueue(services.sqs, services.embedQueueUrl, messages);
    return [];
  } catch (error) {
    if (error instanceof EnqueueFailed) return error.refused.map(() => error);
    return messages.map(() => error as Error);
  }
}
