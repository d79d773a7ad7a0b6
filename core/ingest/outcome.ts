import type { Metrics } from "../metrics.ts";
import { collections } from "../receipts/receipt.ts";
import type { ReceiptContent } from "./read-receipt.ts";
import type { Recorded } from "./record-run.ts";

/** What became of a message. Only a failed one is for the queue to deliver again. */
export type Outcome =
  | { readonly messageId: string; readonly result: Recorded; readonly content: ReceiptContent }
  /** Another message in its place comes later. */
  | { readonly messageId: string; readonly result: "deferred" }
  | {
      readonly messageId: string;
      readonly result: "failed";
      /** The message will fail again until its input is mended. */
      readonly byInput: boolean;
      readonly reason: string;
    };

/**
 * What somebody should see without looking for it (F36). Rows are counted when their run is opened, and not again with
 * every redelivery.
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

/** Counts of one invocation, as its log line states them. */
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
