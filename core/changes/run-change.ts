import { z } from "zod";
import { problems } from "../receipts/problems.ts";
import { type Collection, collections } from "../receipts/receipt.ts";
import { type RunMessage, runMessage } from "../runs/run-message.ts";
import type { Change } from "./read-change.ts";

/** A larger snapshot is left out of its message. */
const largestSnapshot = 64 * 1024;

/** A run item, as far as its messages need it. */
const newRun = z.object({
  image_id: z.string(),
  receipt_id: z.int(),
  run_id: z.string(),
  lines_delta_prefix: z.string().min(1),
  words_delta_prefix: z.string().min(1),
});

/** One message a collection, each with its own delta prefix; or why the item is no run. */
export function runMessages(
  change: Change,
): ReadonlyMap<Collection, RunMessage> | { readonly malformed: string } {
  const { key, item } = change;
  const parsed = newRun.safeParse(item);
  if (!parsed.success) return { malformed: problems(parsed.error).join("; ") };
  const { image_id, receipt_id, run_id } = parsed.data;
  if (image_id !== key.imageId || receipt_id !== key.receiptId || run_id !== key.runId) {
    return { malformed: "image_id, receipt_id and run_id of the item are not those of its key" };
  }
  const snapshot = Buffer.byteLength(JSON.stringify(item)) > largestSnapshot ? null : item;
  const messages = collections.map((collection): [Collection, RunMessage] => [
    collection,
    runMessage({
      run: { imageId: image_id, receiptId: receipt_id, runId: run_id },
      collection,
      deltaPrefix: parsed.data[`${collection}_delta_prefix`],
      deduplicationId: change.streamRecordId,
      timestamp: change.timestamp,
      awsRegion: change.awsRegion,
      streamRecordId: change.streamRecordId,
      snapshot,
    }),
  ]);
  return new Map(messages);
}
