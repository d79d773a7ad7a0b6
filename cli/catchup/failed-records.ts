import {
  type FailedRecord,
  type FailureReason,
  failedRecord,
} from "../../core/catchup/records/failed-record.ts";
import type { ObjectStore } from "../../core/catchup/sources/object-store.ts";

/** The failed records of a task. */
export interface FailedRecords {
  readonly counts: ReadonlyMap<FailureReason, number>;
  /** In the order of the file. */
  readonly first: readonly FailedRecord[];
}

type Work = Pick<ObjectStore, "list" | "read">;

/** Yields the failed records of a task file by file, so that they are never all in memory. */
export async function* failedRecordsIn(prefix: string, work: Work): AsyncGenerator<FailedRecord> {
  for await (const { key } of work.list(prefix)) {
    const text = Buffer.from((await work.read(key)) ?? "").toString();
    for (const line of text.split("\n")) if (line !== "") yield failedRecord.parse(JSON.parse(line));
  }
}

/** Counts the failed records of a task by reason, and keeps the first ones. */
export async function readFailedRecords(prefix: string, work: Work, shown: number): Promise<FailedRecords> {
  const counts = new Map<FailureReason, number>();
  const first: FailedRecord[] = [];
  for await (const record of failedRecordsIn(prefix, work)) {
    counts.set(record.reason, (counts.get(record.reason) ?? 0) + 1);
    if (first.length < shown) first.push(record);
  }
  return { counts, first };
}
