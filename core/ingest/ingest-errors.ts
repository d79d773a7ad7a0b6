import type { EmbedMessage } from "../receipts/embed-message.ts";
import type { RejectedRow } from "../receipts/parse-rows.ts";
import type { Collection } from "../receipts/receipt.ts";
import type { RunRef } from "../runs/run-store.ts";
import { InputError, VectorkeepError } from "../vectorkeep-error.ts";

/** An object that a message names is not there. */
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
      `s3://${bucket}/${key} has ${bytes} bytes; the rows of one receipt may have ${limit}.`,
      "Check that the message names the rows of one receipt.",
    );
  }
}

/** Not one row of a file is usable. */
export class AllRowsRejectedError extends InputError {
  constructor(file: Collection, rejected: readonly RejectedRow[]) {
    const [first] = rejected;
    super(
      `All ${rejected.length} rows of the ${file} file are bad; the first, line ${first?.line_number}: ${first?.reason}.`,
      "Correct the producer of the rows and export the receipt again.",
    );
  }
}

/** OCR results that are not fit for export; every problem is in the message. */
export class OcrResultsInvalidError extends VectorkeepError {
  constructor(subject: string, problems: readonly string[]) {
    super(
      `${subject}: ${problems.join("; ")}.`,
      "Nothing of this receipt was exported; correct the rows and export it again.",
    );
  }
}

/** The embed queue did not take some messages. */
export class EnqueueFailedError extends VectorkeepError {
  readonly refused: readonly EmbedMessage[];

  constructor(refused: readonly EmbedMessage[], reason: string) {
    const receipts = refused.map((message) => `receipt ${message.receipt_id} of image ${message.image_id}`);
    super(
      `The embed queue did not take ${receipts.join(", ")}: ${reason}.`,
      "The rows are uploaded; export these receipts again.",
    );
    this.refused = refused;
  }
}

/** A folder to export from holds no receipt. */
export class NoReceiptsError extends VectorkeepError {
  constructor(path: string) {
    super(
      `There is no receipt in ${path}.`,
      "Name a folder that holds {image_id}/receipt-{number}/lines.ndjson and words.ndjson.",
    );
  }
}

/** The stored deltas of a run that a message would make current are being removed, or were a moment ago. */
export class DeltasExpiringError extends VectorkeepError {
  constructor({ imageId, receiptId, runId }: RunRef) {
    super(
      `The deltas of run ${runId} (receipt ${receiptId} of image ${imageId}) are being removed, as it had not counted for long.`,
      "The message comes again by itself, and is embedded anew.",
    );
  }
}
