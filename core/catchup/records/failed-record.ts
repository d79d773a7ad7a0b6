import * as z from "zod";
import { cutMessage } from "../../text/cut-message.ts";

/** The reasons why a row is not in the index. */
export const failureReasons = [
  "columns_disagree",
  "quotes_unfit",
  "id_blank",
  "id_unfit",
  "characters_unfit",
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
  /** A later row of the file has the same id and namespace. Not a failure; listed separately. */
  "replaced",
] as const;

export type FailureReason = (typeof failureReasons)[number];

/** Cells by column. A zod record would lose a column named `__proto__`. */
const cells = z.custom<Readonly<Record<string, string>>>(
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((cell) => typeof cell === "string"),
  "must be texts by column",
);

/** A line of `failed/{task_id}/{chunk}.ndjson`, with enough information to correct the row and retry it. */
export const failedRecord = z.object({
  /** Row number in the file, starting at 1 after the header. */
  row: z.number().int().min(1),
  reason: z.enum(failureReasons),
  detail: z.string(),
  /** The row's cells by column, as they were read. */
  source: cells,
});

export type FailedRecord = z.infer<typeof failedRecord>;

/** The reasons why the cells of a row are ambiguous. */
const misfitReasons = ["columns_disagree", "quotes_unfit"] as const satisfies readonly FailureReason[];

export interface Misfit {
  readonly reason: (typeof misfitReasons)[number];
  readonly detail: string;
}

export function isMisfit(reason: FailureReason): reason is Misfit["reason"] {
  return misfitReasons.some((misfit) => misfit === reason);
}

/** A row of any source. */
export interface SourceRow {
  readonly row: number;
  readonly source: Readonly<Record<string, string>>;
  readonly misfit: Misfit | undefined;
}

export function failed(row: SourceRow, reason: FailureReason, detail: string): FailedRecord {
  return { row: row.row, reason, detail: cutMessage(detail), source: row.source };
}

/** The cell of a column; empty if there is no such column. Ignores inherited properties. */
export function cellOf({ source }: SourceRow, column: string): string {
  return (Object.hasOwn(source, column) ? source[column] : undefined) ?? "";
}

/** NDJSON with one record per line; empty without records. */
export function asLines(records: readonly FailedRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}
