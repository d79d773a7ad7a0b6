import { placementOf } from "../records/row-placement.ts";
import { LastRows, type ReplacedRow } from "./last-rows.ts";
import { NamespaceSurvey } from "./namespace-survey.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Chunk, Plan } from "./plan.ts";
import { failedRows } from "./read-chunk.ts";
import type { SurveyRules } from "./row-survey.ts";

/** The result of planning. Failed records have no common columns. */
export interface PlannedRecords extends Pick<Plan, "rows" | "columns" | "date_column" | "namespaces"> {
  readonly number_columns?: string[] | undefined;
  readonly boolean_columns?: string[] | undefined;
  readonly chunks: readonly Chunk[];
  readonly replaced: readonly ReplacedRow[];
}

export interface FailedRecordFiles {
  readonly prefix: string;
  /** Keys of the files to use; undefined for all. */
  readonly only: ReadonlySet<string> | undefined;
}

/**
 * Makes each file of failed records a chunk. The types of columns and the date column come from the plan of the
 * original file (`earlier`), because only some of its rows are here.
 */
export async function planFailedRecords(
  { prefix, only }: FailedRecordFiles,
  earlier: Plan | undefined,
  rules: SurveyRules,
  work: ObjectStore,
): Promise<PlannedRecords> {
  const last = new LastRows();
  const namespaces = new NamespaceSurvey();
  const chunks: Chunk[] = [];
  let rows = 0;
  for await (const { key, etag, bytes } of work.list(prefix)) {
    if (only?.has(key) === false) continue;
    const records = failedRows((await work.read(key)) ?? Buffer.alloc(0));
    records.forEach((record, index) => {
      const placement = placementOf(record, rules);
      if (typeof placement === "object" && "id" in placement) {
        namespaces.see(placement.namespace);
        last.add(`${placement.namespace}\n${placement.id}`, rows + index + 1);
      }
    });
    chunks.push({
      chunk: chunks.length,
      place: "work",
      key,
      etag,
      first: 0,
      last: bytes - 1,
      rows: records.length,
      first_row: rows + 1,
      format: "failed-records",
    });
    rows += records.length;
  }
  const { date_column, number_columns, boolean_columns } = earlier ?? {};
  return {
    columns: [],
    chunks,
    rows,
    replaced: last.replaced(),
    namespaces: namespaces.names,
    date_column,
    number_columns,
    boolean_columns,
  };
}
