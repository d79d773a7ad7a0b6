import * as z from "zod";
import { documentModel } from "../../documents/documents.ts";
import type { SegmentEntry } from "./entry.ts";
import { decodeRows, encodeRows, RowFileCorruptError, type RowFileKind } from "./row-file.ts";

const kind: RowFileKind = { magic: "VKSEGMNT", version: 1 };

const row = z.union([
  z.object({ ...documentModel.storedShape, gone: z.literal(true) }),
  z.object({
    ...documentModel.storedShape,
    run_id: z.string(),
    delta_key: z.string(),
    vector_count: z.int().min(0),
    removed: z.array(documentModel.part),
    ...documentModel.factsShape,
    digest: z.string(),
  }),
]);
type Row = z.infer<typeof row>;

/** The bytes of a segment file, with one entry per document. */
export function encodeSegment(entries: Iterable<SegmentEntry>): Buffer {
  return encodeRows(kind, Array.from(entries, rowOf));
}

/** Throws RowFileCorruptError. */
export function decodeSegment(bytes: Uint8Array): SegmentEntry[] {
  return decodeRows(kind, bytes).map((one) => {
    const parsed = row.safeParse(one);
    if (!parsed.success) throw new RowFileCorruptError("one of its entries does not match the format");
    return entryOf(parsed.data);
  });
}

function rowOf(entry: SegmentEntry): Row {
  const { document } = entry;
  const ids = documentModel.toStored(document);
  if (entry.gone) return { ...ids, gone: true };
  const { runId, deltaKey, vectorCount, removed, facts, digest } = entry;
  return {
    ...ids,
    run_id: runId,
    delta_key: deltaKey,
    vector_count: vectorCount,
    removed: [...removed],
    ...documentModel.factsToStored(document, facts),
    digest,
  };
}

function entryOf(read: Row): SegmentEntry {
  const document = documentModel.ofStored(read);
  if ("gone" in read) return { document, gone: true };
  return {
    document,
    gone: false,
    runId: read.run_id,
    deltaKey: read.delta_key,
    vectorCount: read.vector_count,
    removed: read.removed,
    facts: documentModel.factsOfStored(document, read),
    digest: read.digest,
  };
}
