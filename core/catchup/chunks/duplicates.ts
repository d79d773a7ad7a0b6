import { asLines, type FailedRecord, failed, type SourceRow } from "../records/failed-record.ts";
import { keysOf } from "../sources/keys.ts";
import type { ObjectStore } from "../sources/object-store.ts";
import type { Chunk, Plan } from "../sources/plan.ts";
import { replacedOf } from "../sources/replaced-rows.ts";

export interface PlannedChunk {
  readonly taskId: string;
  readonly chunk: Chunk;
  readonly plan: Plan;
}

/**
 * Partitions rows into those to process and those that a later row of the file replaces. The plan lists the latter, so
 * the result does not depend on the order of chunks (F28).
 */
export async function withoutReplaced(
  all: readonly SourceRow[],
  { chunk, plan }: PlannedChunk,
  work: ObjectStore,
): Promise<{ readonly rows: readonly SourceRow[]; readonly duplicates: readonly FailedRecord[] }> {
  const replaced = await replacedOf(chunk, plan, work);
  if (replaced.size === 0) return { rows: all, duplicates: [] };
  const rows: SourceRow[] = [];
  const duplicates: FailedRecord[] = [];
  all.forEach((row, index) => {
    const by = replaced.get(chunk.first_row + index);
    if (by === undefined) rows.push(row);
    else duplicates.push(failed(row, "replaced", detailOf(chunk, by)));
  });
  return { rows, duplicates };
}

/** Stores replaced rows separately from failed ones, so that a retry does not restore them. */
export async function keepDuplicates(
  duplicates: readonly FailedRecord[],
  { taskId, chunk }: PlannedChunk,
  work: ObjectStore,
): Promise<void> {
  if (duplicates.length === 0) return;
  await work.write(keysOf(taskId).duplicates(chunk.chunk), asLines(duplicates), "application/x-ndjson");
}

/** The plan does not know the row numbers within files of failed records. */
function detailOf({ format }: Chunk, by: number): string {
  return format === "csv"
    ? `Row ${by} has the same id and namespace and comes later.`
    : "A later record has the same id and namespace.";
}
