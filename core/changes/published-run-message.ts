import * as z from "zod";
import { isEntityKey, parseEntityKey } from "../entities/entity-key.ts";
import type { PublishedRun } from "../entities/published-run.ts";
import { queueJson } from "../text/queue-json.ts";
import type { OutgoingMessage } from "./queue-publisher.ts";
import { streamRecordKeys } from "./stream-record.ts";

const state = z.object({ S: z.string() });
const published = z.object({
  eventName: z.literal("MODIFY"),
  dynamodb: z.object({
    NewImage: z.object({ lines_state: z.object({ S: z.literal("COMPLETED") }) }),
    OldImage: z.object({ lines_state: state }),
  }),
});

/** A message about a run whose half of `lines` has become COMPLETED; undefined for any other record. */
export function publishedRunMessage(record: unknown): OutgoingMessage | undefined {
  const keys = streamRecordKeys.safeParse(record);
  const parsed = published.safeParse(record);
  if (!keys.success || !parsed.success) return undefined;
  if (parsed.data.dynamodb.OldImage.lines_state.S === "COMPLETED") return undefined;
  const { PK, SK } = keys.data.dynamodb.Keys;
  const key = parseEntityKey(PK.S, SK.S);
  if (!isEntityKey(key) || key.type !== "COMPACTION_RUN") return undefined;
  const run: PublishedRun = { image_id: key.imageId, receipt_id: key.receiptId, run_id: key.runId };
  return { body: queueJson(run), messageAttributes: {} };
}
