import * as z from "zod";
import { documentModel } from "../../documents/documents.ts";
import { decodeRows, encodeRows, RowFileCorruptError, type RowFileKind } from "./row-file.ts";

const kind: RowFileKind = { magic: "VKINDEX\n", version: 1 };

const idNames = Object.keys(documentModel.storedShape);
const ids = z.object(documentModel.storedShape);
/** The columns after those of the document's name. */
const known = z.tuple([z.int().min(0), z.string().nullable(), z.string().nullable(), z.string().nullable()]);

/** What the database of a base contains of one document. */
export interface IndexedDocument {
  readonly vectorCount: number;
  /** Null if unknown, because the base was written before index files existed. */
  readonly runId: string | null;
  readonly deltaKey: string | null;
  /** Digest of the document's state; null if unknown. */
  readonly digest: string | null;
}

/** Every document that has vectors in a base, by document key. */
export type BaseIndex = ReadonlyMap<string, IndexedDocument>;

export function encodeIndex(index: BaseIndex): Buffer {
  return encodeRows(
    kind,
    [...index].flatMap(([key, { vectorCount, runId, deltaKey, digest }]) => {
      const document = documentModel.ofKey(key);
      if (document === undefined) return [];
      return [[...Object.values(documentModel.toStored(document)), vectorCount, runId, deltaKey, digest]];
    }),
  );
}

/** Throws RowFileCorruptError. */
export function decodeIndex(bytes: Uint8Array): BaseIndex {
  return new Map(decodeRows(kind, bytes).map(entryOf));
}

function entryOf(row: unknown): [string, IndexedDocument] {
  const values = Array.isArray(row) ? row : [];
  const stored = ids.safeParse(Object.fromEntries(idNames.map((name, at) => [name, values[at]])));
  const rest = known.safeParse(values.slice(idNames.length));
  if (!stored.success || !rest.success) {
    throw new RowFileCorruptError("one of its rows does not match the format");
  }
  const [vectorCount, runId, deltaKey, digest] = rest.data;
  const key = documentModel.keyOf(documentModel.ofStored(stored.data));
  return [key, { vectorCount, runId, deltaKey, digest }];
}
