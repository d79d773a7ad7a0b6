import { z } from "zod";

/** Why a row is not in the index. */
export const failureReasons = [
  "columns_disagree",
  "id_blank",
  "id_unfit",
  "markup_unfit",
  "text_blank",
  "text_too_long",
  "namespace_unfit",
  "date_unreadable",
  "metadata_type",
  "metadata_too_large",
  "refused_by_model",
  "vector_unusable",
  "refused_by_index",
  "chunk_failed",
] as const;

export type FailureReason = (typeof failureReasons)[number];

/** A line of `failed/{task_id}/{chunk}.ndjson`: enough to mend the row, and to try it again. */
export const failedRecord = z.object({
  /** Of the file's rows, the header apart; the first is 1. */
  row: z.number().int().min(1),
  reason: z.enum(failureReasons),
  detail: z.string(),
  /** The row as it was read: cells by column. */
  source: z.record(z.string(), z.string()),
});

export type FailedRecord = z.infer<typeof failedRecord>;

/** One row of any source. `misfit` says why its cells do not fit the columns. */
export interface SourceRow {
  readonly row: number;
  readonly source: Readonly<Record<string, string>>;
  readonly misfit: string | undefined;
}

export function failed(row: SourceRow, reason: FailureReason, detail: string): FailedRecord {
  return { row: row.row, reason, detail, source: row.source };
}

/** One row a line; empty where there is none. */
export function asLines(records: readonly FailedRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}
