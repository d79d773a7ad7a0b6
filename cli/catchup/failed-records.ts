import {
  type FailedRecord,
  type FailureReason,
  failedRecord,
} from "../../core/catchup/records/failed-record.ts";
import type { ObjectStore } from "../../core/catchup/sources/object-store.ts";

/** What became of the records that failed. */
export interface FailedRecords {
  readonly counts: ReadonlyMap<FailureReason, number>;
  /** In the order of the file. */
  readonly first: readonly FailedRecord[];
}

/** Reads the failed records of a task file by file: of a million of them, only their number a reason is kept. */
export async function readFailedRecords(
  prefix: string,
  work: Pick<ObjectStore, "list" | "read">,
  shown: number,
): Promise<FailedRecords> {
  const counts = new Map<FailureReason, number>();
  const first: FailedRecord[] = [];
  for await (const { key } of work.list(prefix)) {
    const text = Buffer.from((await work.read(key)) ?? "").toString();
    for (const line of text.split("\n").filter(Boolean)) {
      const record = failedRecord.parse(JSON.parse(line));
      counts.set(record.reason, (counts.get(record.reason) ?? 0) + 1);
      if (first.length < shown) first.push(record);
    }
  }
  return { counts, first };
}
