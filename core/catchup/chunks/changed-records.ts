import { hash } from "node:crypto";
import type { VectorBytes } from "../../embedding/embedder.ts";
import type { VectorSink } from "../index/vector-sink.ts";
import type { IndexRecord } from "../records/record.ts";
import type { VectorSpace } from "./stored-vectors.ts";

/** Content hashes of records, over text, metadata and model. */
export function hashesOf(
  records: readonly IndexRecord[],
  { model, dimensions }: VectorSpace,
): Map<IndexRecord, string> {
  return new Map(
    records.map((record) => [
      record,
      hash("sha256", JSON.stringify([model, dimensions, Object.entries(record.metadata).sort()]), "hex"),
    ]),
  );
}

/**
 * All records except those whose content is already in the index. Records that an earlier attempt has embedded count as
 * changed, although the index may already contain them.
 */
export async function changedOf(
  records: readonly IndexRecord[],
  hashes: ReadonlyMap<IndexRecord, string>,
  stored: ReadonlyMap<string, VectorBytes>,
  index: VectorSink,
): Promise<IndexRecord[]> {
  const unchanged = new Set<IndexRecord>();
  for (const [namespace, members] of Map.groupBy(records, (record) => record.namespace)) {
    const held = await index.contentHashes(
      namespace,
      members.map(({ id }) => id),
    );
    for (const record of members) {
      if (held.get(record.id) === hashes.get(record) && !stored.has(record.text)) unchanged.add(record);
    }
  }
  return records.filter((record) => !unchanged.has(record));
}
