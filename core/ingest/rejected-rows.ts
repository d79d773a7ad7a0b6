import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { rejectedRowsKey } from "../deltas/keys.ts";
import type { RejectedRow } from "../receipts/parse-rows.ts";
import type { RunRef } from "../runs/run-store.ts";
import { ndjsonFile } from "./ndjson-file.ts";

/**
 * Writes `rejected/{run_id}.ndjson`: the rejected rows of a run with receipt, line number and reason. Without rows it
 * writes no object.
 */
export async function writeRejectedRows(
  s3: S3Client,
  bucket: string,
  { imageId, receiptId, runId }: RunRef,
  rejected: readonly RejectedRow[],
): Promise<void> {
  if (rejected.length === 0) return;
  const upload = new PutObjectCommand({
    Bucket: bucket,
    Key: rejectedRowsKey(runId),
    Body: await ndjsonFile(rejected.map((row) => ({ image_id: imageId, receipt_id: receiptId, ...row }))),
    ContentType: "application/x-ndjson",
  });
  await s3.send(upload);
}
