import * as z from "zod";
import { documentModel } from "../documents/documents.ts";
import { readItem } from "../unreadable-item.ts";
import type { RunRef } from "./run-store.ts";

/** An entry of the list of open runs. Times are ISO. */
export interface OpenRun extends RunRef {
  /** Creation time of the run; part of the entry's key, with the run's id. */
  readonly createdAt: string;
  readonly attempt: number;
  /** When the attempt was opened. */
  readonly openedAt: string;
  /** Number of redrives of this attempt that the sweeper has claimed, and the time of the last claim. */
  readonly redrives: number;
  readonly sweptAt: string | undefined;
  /** The number of the last redrive that is known to be sent. */
  readonly sent: number;
  /** When the sweeper gave up the run. */
  readonly givenUpAt: string | undefined;
}

const time = z.iso.datetime();

const openRunItem = z
  .object({
    SK: z.string(),
    ...documentModel.storedShape,
    run_id: z.string().min(1),
    attempt: z.int(),
    opened_at: time,
    redrives: z.int().default(0),
    swept_at: time.optional(),
    sent: z.int().default(0),
    given_up_at: time.optional(),
  })
  .refine(({ SK, run_id }) => SK.endsWith(`#${run_id}`), { error: "its SK does not end with its run_id" });

/** Parses an entry. Throws ItemUnreadableError. */
export function readOpenRun(item: unknown): OpenRun {
  const entry = readItem(openRunItem, "open run", item);
  return {
    ...documentModel.ofStored(entry),
    runId: entry.run_id,
    createdAt: entry.SK.slice(0, -`#${entry.run_id}`.length),
    attempt: entry.attempt,
    openedAt: entry.opened_at,
    redrives: entry.redrives,
    sweptAt: entry.swept_at,
    sent: entry.sent,
    givenUpAt: entry.given_up_at,
  };
}
