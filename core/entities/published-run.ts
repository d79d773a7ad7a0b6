import * as z from "zod";
import { imageId, receiptNumber } from "../receipts/rows.ts";
import { jsonOf } from "../text/json-of.ts";
import { problems } from "../text/problems.ts";
import { InputError } from "../vectorkeep-error.ts";

/** A message of the queues `resolve-merchant` (a run that was published in `lines`) and `write-embedding-status`. */
const publishedRun = z.object({ image_id: imageId, receipt_id: receiptNumber, run_id: z.string().min(1) });

export type PublishedRun = z.infer<typeof publishedRun>;

/** A message of the queue does not contain a run. */
export class PublishedRunInvalidError extends InputError {
  readonly isFinal = true;

  constructor(what: string) {
    super(
      `The message names no published run: ${what}.`,
      "The stream processor sends `{image_id, receipt_id, run_id}`. Purge it with `npm run failed`.",
    );
  }
}

/** Throws PublishedRunInvalidError. */
export function parsePublishedRun(body: string): PublishedRun {
  const parsed = publishedRun.safeParse(jsonOf(body));
  if (!parsed.success) throw new PublishedRunInvalidError(problems(parsed.error).join("; "));
  return parsed.data;
}
