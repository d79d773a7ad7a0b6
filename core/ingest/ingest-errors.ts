import type { Collection } from "../../contract/collections.ts";
import type { EmbedMessage } from "../receipts/embed-message.ts";
import type { RejectedRow } from "../receipts/parse-rows.ts";
import type { RunRef } from "../runs/run-store.ts";
import { InputError, VectorkeepError } from "../vectorkeep-error.ts";

/** An object that a message names does not exist. */
export class ObjectMissingError extends InputError {
  constructor(bucket: string, key: string, options?: ErrorOptions) {
    super(
      `There is no object s3://${bucket}/${key}.`,
      "Export the receipt again (`npm run export`), or send a message that names an object that exists.",
      options,
    );
  }
}

/** An object that a message names could not be read. */
export class ObjectUnreadableError extends VectorkeepError {
  constructor(bucket: string, key: string, cause: Error) {
    super(
      `s3://${bucket}/${key} could not be read: ${cause.name}: ${cause.message}.`,
      "Check that the bucket is this stack's artifacts bucket and that the embed function may read it.",
      { cause },
    );
  }
}

/** An object is far larger than the rows of one receipt. */
export class ObjectTooLargeError extends InputError {
  constructor(bucket: string, key: string, bytes: number, limit: number) {
    super(
      `s3://${bucket}/${key} has ${bytes} bytes; the limit for the rows of one receipt is ${limit}.`,
      "Check that the message names the files of a single receipt.",
    );
  }
}

/** Every row of a file is invalid. */
export class AllRowsRejectedError extends InputError {
  constructor(file: Collection, rejected: readonly RejectedRow[]) {
    const [first] = rejected;
    super(
      `All ${rejected.length} rows of the ${file} file are invalid; the first, line ${first?.line_number}: ${first?.reason}.`,
      "Correct the producer of the rows and export the receipt again.",
    );
  }
}

/** OCR results are invalid. The message lists every problem. */
export class OcrResultsInvalidError extends VectorkeepError {
  constructor(subject: string, problems: readonly string[]) {
    super(
      `${subject}: ${problems.join("; ")}.`,
      "The receipt was not exported. Correct the rows and export it again.",
    );
  }
}

/** The embed queue did not accept some messages. */
export class EnqueueFailedError extends VectorkeepError {
  readonly refused: readonly EmbedMessage[];

  constructor(refused: readonly EmbedMessage[], reason: string) {
    const receipts = refused.map((message) => `receipt ${message.receipt_id} of image ${message.image_id}`);
    super(
      `The embed queue did not accept ${receipts.join(", ")}: ${reason}.`,
      "Their rows are uploaded. Export these receipts again.",
    );
    this.refused = refused;
  }
}

/** A folder for export holds no receipt. */
export class NoReceiptsError extends VectorkeepError {
  constructor(path: string) {
    super(
      `There is no receipt in ${path}.`,
      "Name a folder that contains {image_id}/receipt-{number}/lines.ndjson and words.ndjson.",
    );
  }
}

/** The stored deltas of a run that a message would make current are being removed. */
export class DeltasExpiringError extends VectorkeepError {
  constructor({ imageId, receiptId, runId }: RunRef) {
    super(
      `The deltas of run ${runId} (receipt ${receiptId} of image ${imageId}) are being removed, because the run was superseded long ago.`,
      "SQS redelivers the message, and the receipt is embedded again.",
    );
  }
}
