import * as z from "zod";
import { receiptKey } from "../../receipts/receipt.ts";
import { decodeRows, encodeRows, RowFileCorruptError, type RowFileKind } from "./row-file.ts";

const kind: RowFileKind = { magic: "VKINDEX\n", version: 1 };

const row = z.tuple([
  z.string(),
  z.int(),
  z.int().min(0),
  z.string().nullable(),
  z.string().nullable(),
  z.string().nullable(),
]);

/** What the database of a base holds of one receipt. */
export interface IndexedReceipt {
  readonly vectorCount: number;
  /** Null where it is not known: the base is older than index files are. */
  readonly runId: string | null;
  readonly deltaKey: string | null;
  /** Of its state; null where it is not known. */
  readonly digest: string | null;
}

/** By receipt key: every receipt that has vectors in a base. */
export type BaseIndex = ReadonlyMap<string, IndexedReceipt>;

export function encodeIndex(index: BaseIndex): Buffer {
  return encodeRows(
    kind,
    Array.from(index, ([key, { vectorCount, runId, deltaKey, digest }]) => {
      const [, imageId, , receiptId] = key.split("#");
      return [imageId, Number(receiptId), vectorCount, runId, deltaKey, digest];
    }),
  );
}

/** Throws RowFileCorruptError. */
export function decodeIndex(bytes: Uint8Array): BaseIndex {
  return new Map(
    decodeRows(kind, bytes).map((one) => {
      const parsed = row.safeParse(one);
      if (!parsed.success) throw new RowFileCorruptError("one of its rows is not what the format says");
      const [imageId, receiptId, vectorCount, runId, deltaKey, digest] = parsed.data;
      return [receiptKey({ imageId, receiptId }), { vectorCount, runId, deltaKey, digest }] as const;
    }),
  );
}
