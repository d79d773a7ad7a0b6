import { z } from "zod";
import type { RunRef } from "./run-store.ts";

/** An entry of the list of open runs. Times are ISO. */
export interface OpenRun extends RunRef {
  /** Of the run itself; it is the entry's key, with the run's id. */
  readonly createdAt: string;
  readonly attempt: number;
  /** When the attempt was opened. */
  readonly openedAt: string;
  /** How often the sweeper has counted a sending of the attempt's messages, and when it counted last. */
  readonly redrives: number;
  readonly sweptAt: string | undefined;
  /** The last of those sendings that is known to be done. */
  readonly sent: number;
  /** Since when the sweeper drives the run no more. */
  readonly givenUpAt: string | undefined;
}

const openRunItem = z.object({
  SK: z.string(),
  image_id: z.string(),
  receipt_id: z.int(),
  run_id: z.string(),
  attempt: z.int(),
  opened_at: z.string(),
  redrives: z.int().default(0),
  swept_at: z.string().optional(),
  sent: z.int().default(0),
  given_up_at: z.string().optional(),
});

/** An entry as its item holds it. Throws a ZodError for an item that is none. */
export function readOpenRun(item: unknown): OpenRun {
  const entry = openRunItem.parse(item);
  return {
    imageId: entry.image_id,
    receiptId: entry.receipt_id,
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
