import { type CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import * as z from "zod";
import { documentModel } from "../documents/documents.ts";
import { outcomeMessage } from "../ingest/outcome.ts";
import { jsonOf } from "../text/json-of.ts";
import type { FailedThing } from "./failed-source.ts";
import { idsIn } from "./subject-ids.ts";

/** Pages of a large log may be empty, so paging is bounded. */
const maxPagesPerDay = 50;

export interface SupersededExports {
  /** Sorted by time. */
  readonly exports: readonly FailedThing[];
  /** False if the log is too long to read at once; newer exports are then missing. */
  readonly isWhole: boolean;
}

const supersededMessage = outcomeMessage("superseded");

const supersededLine = z.object({
  message: z.literal(supersededMessage),
  message_id: z.string(),
  ...documentModel.storedShape,
});

/**
 * Exports of the last days that were superseded by a later one of their document. They are not failures, because search
 * has newer content; they are listed for operators who are looking for a missing export.
 */
export async function supersededExports(
  logs: CloudWatchLogsClient,
  logGroupName: string,
  { now, days }: { readonly now: number; readonly days: number },
): Promise<SupersededExports> {
  const query = {
    logGroupName,
    filterPattern: `{ $.message = "${supersededMessage}" }`,
    startTime: now - days * 86_400_000,
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
        ...idsIn(line),
        entity: "OCR rows",
        reason: `A later export or the removal of this ${documentModel.noun} has superseded it.`,
      });
    }
    pages += 1;
    if (pages > maxPagesPerDay * days) break;
  }
  const exports = [...found.values()].sort((a, b) => (a.since < b.since ? -1 : 1));
  return { exports, isWhole: pages <= maxPagesPerDay * days };
}
