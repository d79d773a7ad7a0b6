import * as z from "zod";
import { problems } from "../text/problems.ts";
import { InputError } from "../vectorkeep-error.ts";
import { imageId, receiptNumber } from "./rows.ts";
import { silentChanges } from "./silent-changes.ts";

/** An object key without empty, `.` or `..` segments. */
const objectKey = z
  .string()
  .min(1)
  .max(1024)
  .refine((key) => !key.split("/").some((segment) => ["", ".", ".."].includes(segment)), {
    error: "has an empty, `.` or `..` segment",
  });

const bucketName = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "not a bucket name");

/** The message on the `embed-ndjson` queue: the location of one receipt's OCR rows. */
export const embedMessage = z.object({
  image_id: imageId,
  receipt_id: receiptNumber,
  artifacts_bucket: bucketName,
  lines_key: objectKey,
  words_key: objectKey,
  /** Epoch milliseconds; defaults to the queue's SentTimestamp. */
  exported_at: z.number().min(0).refine(Number.isInteger, "not a whole number").optional(),
});

export type EmbedMessage = z.infer<typeof embedMessage>;

/** The body of an embed message is invalid. The message lists every problem. */
export class EmbedMessageInvalidError extends InputError {
  constructor(found: readonly string[], options?: ErrorOptions) {
    super(
      `The embed message is invalid: ${found.join("; ")}.`,
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
      ? "the body begins with a byte order mark, which JSON does not allow: send it without"
      : `the body is not JSON (${(cause as SyntaxError).message})`;
    throw new EmbedMessageInvalidError([why], { cause });
  }
  const other = otherMessage(value);
  if (other !== undefined) throw new EmbedMessageInvalidError([other]);
  const parsed = embedMessage.safeParse(value);
  const found = [
    // An impossible time is reported with its likely unit, see `revisionOf`.
    ...silentChanges(body, (key) => key !== "exported_at" && Object.hasOwn(embedMessage.shape, key)),
    ...(parsed.success ? [] : problems(parsed.error)),
  ];
  if (parsed.success && found.length === 0) return parsed.data;
  throw new EmbedMessageInvalidError(found);
}

/** Names the format of a body that is something else; undefined if it may be an embed message. */
function otherMessage(value: unknown): string | undefined {
  if (typeof value === "string") return "the body is a JSON string: it was encoded twice";
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return `the body is ${Array.isArray(value) ? "a list" : String(value)}, not an object`;
  }
  if ("Type" in value && "TopicArn" in value) {
    return "the body is an SNS envelope: turn on raw message delivery for the subscription";
  }
  if ("Event" in value && value.Event === "s3:TestEvent") {
    return "the body is the test event of an S3 notification: no bucket notifies this queue";
  }
  if ("Records" in value) return "the body is an AWS event: this queue accepts only embed messages";
  return undefined;
}

/** The smallest plausible epoch time in milliseconds, and in seconds. */
const [earliestMs, earliestSeconds] = [1e11, 1e9];

/** `exported_at` is an impossible time. */
export class ExportTimeImpossibleError extends InputError {
  constructor(exportedAt: number, sentAt: number) {
    super(
      `exported_at is ${exportedAt}, and the message was sent at ${sentAt}: it looks like ${unitOf(exportedAt, sentAt)}.`,
      "Send epoch milliseconds from a correct clock, or omit exported_at: it defaults to the queue's time.",
    );
  }
}

/**
 * The revision of a message: its exported_at, else its SentTimestamp, in epoch milliseconds. Throws
 * ExportTimeImpossibleError for a time in another unit or from a clock that is ahead by more than `maxLeadMs`: as a
 * revision it would supersede all later exports, or none (F37).
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

/** The unit in which the time would be close to the time of sending. */
function unitOf(exportedAt: number, sentAt: number): string {
  const units = { seconds: 1000, microseconds: 1e-3, nanoseconds: 1e-6 };
  const isNear = (milliseconds: number) => milliseconds > sentAt / 2 && milliseconds < sentAt * 2;
  const [unit] = Object.entries(units).find(([, factor]) => isNear(exportedAt * factor)) ?? [];
  return unit ?? `a clock that is ${Math.round((exportedAt - sentAt) / 60_000)} minutes ahead`;
}
