import { z } from "zod";
import { InputFailure } from "../failure.ts";
import { problems } from "./problems.ts";
import { imageId, receiptNumber } from "./rows.ts";

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
  exported_at: z.int().min(0).optional(),
});

export type EmbedMessage = z.infer<typeof embedMessage>;

/** The body of an embed message is not what the queue is for; every problem is in the message. */
export class EmbedMessageInvalid extends InputFailure {
  constructor(found: readonly string[], options?: ErrorOptions) {
    super(
      `The embed message is not usable: ${found.join("; ")}.`,
      "Send image_id, receipt_id, artifacts_bucket, lines_key and words_key as JSON, or use `npm run export`.",
      options,
    );
  }
}

/** Throws EmbedMessageInvalid. */
export function parseEmbedMessage(body: string): EmbedMessage {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new EmbedMessageInvalid([`the body is not JSON (${(cause as SyntaxError).message})`], { cause });
  }
  const parsed = embedMessage.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new EmbedMessageInvalid(problems(parsed.error));
}
