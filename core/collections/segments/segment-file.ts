import * as z from "zod";
import { type ReceiptRef, receiptKey } from "../../receipts/receipt.ts";
import type { RemovedPart } from "../../runs/current-run.ts";
import type { SegmentEntry } from "./entry.ts";
import { decodeRows, encodeRows, RowFileCorruptError, type RowFileKind } from "./row-file.ts";

const kind: RowFileKind = { magic: "VKSEGMNT", version: 1 };

const ids = { image_id: z.string(), receipt_id: z.int() };
const statuses = z.record(z.string(), z.string().nullable());

const row = z.union([
  z.object({ ...ids, gone: z.literal(true) }),
  z.object({
    ...ids,
    run_id: z.string(),
    delta_key: z.string(),
    vector_count: z.int().min(0),
    removed: z.array(z.templateLiteral(["LINE#", z.string()])),
    merchant: z.record(z.string(), z.string()),
    /** By what follows the receipt in the id of a word's vector. */
    labels: z.record(z.string(), statuses),
    digest: z.string(),
  }),
]);
type Row = z.infer<typeof row>;

/** The file of a segment: what changed of some receipts, each once. */
export function encodeSegment(entries: Iterable<SegmentEntry>): Buffer {
  return encodeRows(kind, Array.from(entries, rowOf));
}

/** Throws RowFileCorruptError. */
export function decodeSegment(bytes: Uint8Array): SegmentEntry[] {
  return decodeRows(kind, bytes).map((one) => {
    const parsed = row.safeParse(one);
    if (!parsed.success) throw new RowFileCorruptError("one of its entries is not what the format says");
    return entryOf(parsed.data);
  });
}

function rowOf(entry: SegmentEntry): Row {
  const { receipt } = entry;
  const named = { image_id: receipt.imageId, receipt_id: receipt.receiptId };
  if (entry.gone) return { ...named, gone: true };
  const { runId, deltaKey, vectorCount, removed, facts, digest } = entry;
  const start = stemOf(receipt).length;
  return {
    ...named,
    run_id: runId,
    delta_key: deltaKey,
    vector_count: vectorCount,
    removed: [...removed],
    merchant: { ...facts.fields },
    labels: Object.fromEntries(
      Array.from(facts.labels, ([id, byName]) => [
        id.slice(start),
        Object.fromEntries(Array.from(byName, ([name, status]) => [name, status ?? null])),
      ]),
    ),
    digest,
  };
}

function entryOf(read: Row): SegmentEntry {
  const receipt = { imageId: read.image_id, receiptId: read.receipt_id };
  if ("gone" in read) return { receipt, gone: true };
  const stem = stemOf(receipt);
  return {
    receipt,
    gone: false,
    runId: read.run_id,
    deltaKey: read.delta_key,
    vectorCount: read.vector_count,
    removed: read.removed as RemovedPart[],
    facts: {
      fields: read.merchant,
      labels: new Map(
        Object.entries(read.labels).map(([id, byName]) => [
          stem + id,
          new Map(Object.entries(byName).map(([name, status]) => [name, status ?? undefined])),
        ]),
      ),
    },
    digest: read.digest,
  };
}

function stemOf(receipt: ReceiptRef): string {
  return `${receiptKey(receipt)}#`;
}
