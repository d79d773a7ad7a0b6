import { hash } from "node:crypto";
import { GetObjectCommand, NoSuchKey, type S3Client } from "@aws-sdk/client-s3";
import type { Collection } from "../../contract/collections.ts";
import type { EmbedMessage } from "../receipts/embed-message.ts";
import {
  type ParsedRows,
  parseLines,
  parseWords,
  type RejectedRow,
  type RepairedRow,
} from "../receipts/parse-rows.ts";
import { type PlannedRow, planLines, planWords } from "../receipts/planned-vectors.ts";
import type { ReceiptRef } from "../receipts/receipt.ts";
import type { LineRow } from "../receipts/rows.ts";
import { textDirection } from "../receipts/text-direction.ts";
import { fittingVectors } from "./fitting-vectors.ts";
import {
  AllRowsRejectedError,
  ObjectMissingError,
  ObjectTooLargeError,
  ObjectUnreadableError,
} from "./ingest-errors.ts";

/** About 35,000 rows; a receipt has hundreds. */
const maxObjectBytes = 16 * 1024 * 1024;

/** The content of a message's two objects. */
export interface ReceiptContent {
  /** SHA-256 of each object, hexadecimal. */
  readonly hashes: Readonly<Record<Collection, string>>;
  /** Accepted rows of each file. */
  readonly rowCounts: Readonly<Record<Collection, number>>;
  readonly vectors: Readonly<Record<Collection, readonly PlannedRow<LineRow>[]>>;
  /** Line number in the file, by vector id. */
  readonly lineNumbers: ReadonlyMap<string, number>;
  readonly rejected: readonly RejectedRow[];
  readonly repaired: readonly RepairedRow[];
}

/** Reads and validates the objects of a message. Throws the errors of ingest-errors.ts. */
export async function readReceipt(s3: S3Client, message: EmbedMessage): Promise<ReceiptContent> {
  const receipt: ReceiptRef = { imageId: message.image_id, receiptId: message.receipt_id };
  const [linesFile, wordsFile] = await Promise.all([
    readObject(s3, message.artifacts_bucket, message.lines_key),
    readObject(s3, message.artifacts_bucket, message.words_key),
  ]);
  const [linesOf, wordsOf] = [parseLines(linesFile, receipt), parseWords(wordsFile, receipt)];
  const direction = textDirection(linesOf.rows);
  const lines = await embeddable("lines", linesOf, planLines(linesOf.rows, wordsOf.rows, direction));
  const words = await embeddable(
    "words",
    wordsOf,
    planWords(wordsOf.rows, textDirection(wordsOf.rows) ?? direction),
  );
  return {
    hashes: { lines: hash("sha256", linesFile), words: hash("sha256", wordsFile) },
    rowCounts: { lines: lines.rowCount, words: words.rowCount },
    vectors: { lines: lines.vectors, words: words.vectors },
    lineNumbers: new Map([...lines.lineNumbers, ...words.lineNumbers]),
    rejected: [...lines.rejected, ...words.rejected],
    repaired: [...linesOf.repaired, ...wordsOf.repaired],
  };
}

interface EmbeddableRows {
  readonly rowCount: number;
  readonly vectors: readonly PlannedRow<LineRow>[];
  readonly lineNumbers: ReadonlyMap<string, number>;
  readonly rejected: readonly RejectedRow[];
}

/** Rejects rows whose own text exceeds the model's limit; their neighbours keep it as context. */
async function embeddable<Row extends LineRow>(
  file: Collection,
  parsed: ParsedRows<Row>,
  planned: readonly PlannedRow<Row>[],
): Promise<EmbeddableRows> {
  const { vectors, rejected: tooLong } = await fittingVectors(planned);
  const rejected = [
    ...parsed.rejected,
    ...tooLong.map(({ row, reason }) => ({
      file,
      line_number: parsed.lineNumbers.get(row) ?? 0,
      reason,
      row: JSON.stringify(row),
    })),
  ];
  const rowCount = parsed.rows.length - tooLong.length;
  if (rowCount === 0 && rejected.length > 0) throw new AllRowsRejectedError(file, rejected);
  const lineNumbers = new Map(planned.map(({ id, row }) => [id, parsed.lineNumbers.get(row) ?? 0]));
  return { rowCount, vectors, lineNumbers, rejected };
}

async function readObject(s3: S3Client, bucket: string, key: string): Promise<Uint8Array> {
  try {
    const { Body, ContentLength = 0 } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (!Body) throw new ObjectMissingError(bucket, key);
    if (ContentLength > maxObjectBytes) {
      await Body.transformToWebStream().cancel();
      throw new ObjectTooLargeError(bucket, key, ContentLength, maxObjectBytes);
    }
    return await Body.transformToByteArray();
  } catch (error) {
    if (error instanceof ObjectMissingError || error instanceof ObjectTooLargeError) throw error;
    if (error instanceof NoSuchKey) throw new ObjectMissingError(bucket, key, { cause: error });
    throw new ObjectUnreadableError(bucket, key, error as Error);
  }
}
