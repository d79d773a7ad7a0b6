import * as z from "zod";
import { InputError } from "../vectorkeep-error.ts";
import { problems } from "./problems.ts";
import { imageId, receiptNumber } from "./rows.ts";
import { silentChanges } from "./silent-changes.ts";

/** A key that stays where it says: no empty, `.` or `..` segment. */
const objectKey = z
  .string()
  .min(1)
  .max(1024)
  .refine((key) => !key.split("/").some((segment) => ["", ".", ".."].includes(segment)), {
    error: "has an empty, `.` or `..` segment",
  });

const bucketName = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "not a bucket name");

/** The message on the `embed-ndjson` queue: where one receipt's OCR rows lie. */
export const embedMessage = z.object({
  image_id: imageId,
  receipt_id: receiptNumber,
  artifacts_bucket: bucketName,
  lines_key: objectKey,
  words_key: objectKey,
  /** Epoch milliseconds; the queue's own SentTimestamp stands in where it is absent. */
  exported_at: z.number().min(0).refine(Number.isInteger, "not a whole number").optional(),
});

export type EmbedMessage = z.infer<typeof embedMessage>;

/** The body of an embed message is not what the queue is for; every problem is in the message. */
export class EmbedMessageInvalidError extends InputError {
  constructor(found: readonly string[], options?: ErrorOptions) {
    super(
      `The embed message is not usable: ${found.join("; ")}.`,
      "Send image_id, receipt_id, artifacts_bucket, lines_key and words_key as JSON, or use `npm run export`.",
      options,
    );
  }
}

/** Throws EmbedMessageInvalidError. */
export function parseEmbedMessage(body: string): EmbedMessage {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    const why = body.startsWith("\ufeff")
      ? "the body begins with a byte order mark, which JSON has none of: send it without"
      : `the body is not JSON (${(cause as SyntaxError).message})`;
    throw new EmbedMessageInvalidError([why], { cause });
  }
  const other = otherMessage(value);
  if (other !== undefined) throw new EmbedMessageInvalidError([other]);
  const parsed = embedMessage.safeParse(value);
  const found = [
    // What is no time at all is told by its unit, see `revisionOf`.
    ...silentChanges(body, (key) => key !== "exported_at" && Object.hasOwn(embedMessage.shape, key)),
    ...(parsed.success ? [] : problems(parsed.error)),
  ];
  if (parsed.success && found.length === 0) return parsed.data;
  throw new EmbedMessageInvalidError(found);
}

/** What a body is that is something else by its frame; undefined for one that may be a message. */
function otherMessage(value: unknown): string | undefined {
  if (typeof value === "string") return "the body is a JSON string: it was made JSON twice";
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return `the body is ${Array.isArray(value) ? "a list" : String(value)}, not an object`;
  }
  if ("Type" in value && "TopicArn" in value) {
    return "the body is an SNS envelope: turn on raw message delivery for the subscription";
  }
  if ("Event" in value && value.Event === "s3:TestEvent") {
    return "the body is the test event of an S3 notification: no bucket notifies this queue";
  }
  if ("Records" in value) return "the body is an event of AWS: this queue takes embed messages alone";
  return undefined;
}

/** From when on a number of milliseconds is one of today, and a number of seconds too. */
const [earliestMs, earliestSeconds] = [1e11, 1e9];

/** `exported_at` says a time that the message cannot have been exported at. */
export class ExportTimeImpossibleError extends InputError {
  constructor(exportedAt: number, sentAt: number) {
    super(
      `exported_at is ${exportedAt}, and the message was sent at ${sentAt}: it looks like ${unitOf(exportedAt, sentAt)}.`,
      "Send epoch milliseconds of a right clock, or leave exported_at out: the queue's own time stands in for it.",
    );
  }
}

/**
 * The revision of a message: its exported_at, else the time at which the queue took it, both in epoch milliseconds.
 * Throws ExportTimeImpossibleError for a time in another unit or of a clock that is ahead by more than `maxLeadMs`: as a
 * revision it would outlast everything that is exported after it, or nothing (F37).
 */
export function revisionOf(
  { exported_at: exportedAt }: EmbedMessage,
  sentAt: number,
  maxLeadMs: number,
): number {
  if (exportedAt === undefined) return sentAt;
  const isAhead = exportedAt > sentAt + maxLeadMs;
  const isSeconds = sentAt >= earliestMs && exportedAt >= earliestSeconds && exportedAt < earliestMs;
  if (isAhead || isSeconds) throw new ExportTimeImpossibleError(exportedAt, sentAt);
  return exportedAt;
}

/** The unit in which a time would be about the time of sending. */
function unitOf(exportedAt: number, sentAt: number): string {
  const units = { seconds: 1000, microseconds: 1e-3, nanoseconds: 1e-6 };
  const isNear = (milliseconds: number) => milliseconds > sentAt / 2 && milliseconds < sentAt * 2;
  const [unit] = Object.entries(units).find(([, factor]) => isNear(exportedAt * factor)) ?? [];
  return unit ?? `a clock that is ${Math.round((exportedAt - sentAt) / 60_000)} minutes ahead`;
}
