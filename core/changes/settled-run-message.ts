import * as z from "zod";
import { collections } from "../../contract/collections.ts";
import { isEntityKey, parseEntityKey } from "../entities/entity-key.ts";
import type { PublishedRun } from "../entities/published-run.ts";
import { queueJson } from "../text/queue-json.ts";
import type { OutgoingMessage } from "./queue-publisher.ts";
import { streamRecordKeys } from "./stream-record.ts";

const state = z.object({ S: z.string() });
const states = z.object({ lines_state: state, words_state: state });
const changed = z.object({
  eventName: z.literal("MODIFY"),
  dynamodb: z.object({ NewImage: states, OldImage: states }),
});
const settled = new Set(["COMPLETED", "FAILED"]);

/** A message about a run of which a half has become COMPLETED or FAILED; undefined for any other record. */
export function settledRunMessage(record: unknown): OutgoingMessage | undefined {
  const keys = streamRecordKeys.safeParse(record);
  const parsed = changed.safeParse(record);
  if (!keys.success || !parsed.success) return undefined;
  const { OldImage: before, NewImage: after } = parsed.data.dynamodb;
  const isSettled = collections.some((collection) => {
    const name = `${collection}_state` as const;
    return settled.has(after[name].S) && after[name].S !== before[name].S;
  });
  if (!isSettled) return undefined;
  const { PK, SK } = keys.data.dynamodb.Keys;
  const key = parseEntityKey(PK.S, SK.S);
  if (!isEntityKey(key) || key.type !== "COMPACTION_RUN") return undefined;
  const run: PublishedRun = { image_id: key.imageId, receipt_id: key.receiptId, run_id: key.runId };
  return { body: queueJson(run), messageAttributes: {} };
}
