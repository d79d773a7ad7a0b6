import { collections } from "../../contract/collections.ts";
import type { Metrics } from "../metrics.ts";
import type { ReceiptContent } from "./read-receipt.ts";
import type { Recorded } from "./record-run.ts";

/** The outcome of a message. Only failed messages are redelivered. */
export type Outcome =
  | { readonly messageId: string; readonly result: Recorded; readonly content: ReceiptContent }
  /** A new message with a delay replaces it. */
  | { readonly messageId: string; readonly result: "deferred" }
  | {
      readonly messageId: string;
      readonly result: "failed";
      /** Whether the message fails until its input is corrected. */
      readonly byInput: boolean;
      readonly reason: string;
    };

/** The log message of an export's outcome. `failed` searches the log for it to find superseded exports. */
export function outcomeMessage<Result extends Recorded>(result: Result) {
  return `Receipt ${result}` as const;
}

/**
 * Counts outcomes that alarms watch (F36). Rejected rows are counted when their run is opened, not again at each
 * redelivery.
 */
export function countOutcomes(outcomes: readonly Outcome[], metrics: Metrics): void {
  const superseded = outcomes.filter(({ result }) => result === "superseded").length;
  const rejected = outcomes.reduce(
    (sum, one) =>
      sum + (one.result === "opened" || one.result === "reopened" ? one.content.rejected.length : 0),
    0,
  );
  if (superseded > 0) metrics.count("MessagesSuperseded", superseded);
  if (rejected > 0) metrics.count("RowsRejected", rejected);
}

/** The log fields of one invocation. */
export function summary(
  outcomes: readonly Outcome[],
  sent: { readonly requests: number; readonly texts: number },
  durationMs: number,
) {
  const counts = { opened: 0, reopened: 0, unchanged: 0, superseded: 0, deferred: 0, failed: 0 };
  const rows = { lines: 0, words: 0, vectors: 0, rejected_rows: 0 };
  for (const outcome of outcomes) {
    counts[outcome.result] += 1;
    if (!("content" in outcome)) continue;
    const { rowCounts, vectors, rejected } = outcome.content;
    rows.lines += rowCounts.lines;
    rows.words += rowCounts.words;
    rows.rejected_rows += rejected.length;
    for (const collection of collections) rows.vectors += vectors[collection].length;
  }
  return {
    messages: outcomes.length,
    ...counts,
    ...rows,
    embedded_texts: sent.texts,
    embedding_requests: sent.requests,
    duration_ms: Math.round(durationMs),
  };
}
