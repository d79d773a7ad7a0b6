import { type CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import * as z from "zod";
import type { FailedThing } from "./failed-source.ts";
import { jsonOf } from "./json-of.ts";

/** Pages of a large log may be empty, so paging is bounded. */
const maxPages = 50;
const shownHours = 24;

const supersededLine = z.object({
  message: z.literal("Receipt superseded"),
  message_id: z.string(),
  image_id: z.string(),
  receipt_id: z.number(),
});

/**
 * Exports of the last day that were superseded by a later one of their receipt. They are not failures: search has newer
 * content. They are listed for operators who miss an export.
 */
export async function supersededExports(
  logs: CloudWatchLogsClient,
  logGroupName: string,
  now: number,
): Promise<FailedThing[]> {
  const query = {
    logGroupName,
    filterPattern: '{ $.message = "Receipt superseded" }',
    startTime: now - shownHours * 3_600_000,
  };
  const found = new Map<string, FailedThing>();
  let pages = 0;
  for await (const { events = [] } of paginateFilterLogEvents({ client: logs }, query)) {
    for (const { timestamp = now, message = "" } of events) {
      const line = supersededLine.safeParse(jsonOf(message)).data;
      if (line === undefined) continue;
      found.set(line.message_id, {
        id: line.message_id,
        since: new Date(timestamp).toISOString(),
        image_id: line.image_id,
        receipt_id: line.receipt_id,
        entity: "OCR rows",
        reason: "A later export or the removal of this receipt has superseded it.",
      });
    }
    pages += 1;
    if (pages === maxPages) break;
  }
  return [...found.values()].sort((a, b) => (a.since < b.since ? -1 : 1));
}
