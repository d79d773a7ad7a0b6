import type { Delta, VectorMetadata } from "../../deltas/delta.ts";
import type { DocumentRef } from "../../documents/documents.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";

/** Vectors as a delta has them, whatever they are of. */
export type VectorRows = Pick<Delta, "dimensions" | "ids" | "documents" | "metadatas" | "vectors">;

/** A range of these vectors: from position `from` up to, but not including, `to`. */
export interface RowsPart<Rows extends VectorRows = VectorRows> {
  readonly delta: Rows;
  readonly from: number;
  readonly to: number;
}

/** A range of the vectors of a delta. */
export type DeltaPart = RowsPart<Delta>;

export interface StoredVector {
  readonly id: string;
  readonly document: string;
  readonly metadata: VectorMetadata;
  readonly vector: Float32Array;
}

export interface StoredMetadata {
  readonly id: string;
  readonly metadata: VectorMetadata;
}

/** New values of metadata keys; null deletes a key. */
export type MetadataChanges = Readonly<Record<string, VectorMetadata[string] | null>>;

/** Matches a vector if at least one of these metadata keys has exactly this value. */
export interface MetadataTerm {
  readonly anyOf: readonly [string, ...string[]];
  readonly equals: VectorMetadata[string];
}

export interface NeighbourQuery {
  readonly vector: readonly number[];
  readonly k: number;
  /** All terms must match. Empty: no filter. */
  readonly filter: readonly MetadataTerm[];
}

export interface Neighbour {
  readonly id: string;
  readonly document: string;
  readonly metadata: VectorMetadata;
  /** Cosine similarity; 1 means the same direction. */
  readonly similarity: number;
}

/** The store rejected an upsert; none of it is stored. */
export class UpsertRefusedError extends VectorkeepError {
  constructor(why: string) {
    super(
      `The vector store refused an upsert: ${why}.`,
      "One of its vectors does not match the collection; compare model and dimensions.",
    );
  }
}

/** A collection of vectors that only this process has open. */
export interface VectorStore {
  /**
   * Upserts all parts in one request; `SliceBuilder` bounds their size. Requests are sent one at a time in the order of
   * the calls, even if the callers do not await them. Throws UpsertRefusedError if the store rejects the request; then
   * none of it is stored.
   */
  upsert(parts: readonly RowsPart[]): Promise<void>;
  /** Ignores ids that are not stored. */
  delete(ids: readonly string[]): Promise<void>;
  count(): Promise<number>;
  /** Ids of at most `limit` stored vectors from position `offset` on. Nothing may be written between two calls. */
  idsAt(offset: number, limit: number): Promise<string[]>;
  /** Ids of all vectors of these documents. */
  idsOf(documents: readonly DocumentRef[]): Promise<string[]>;
  /** Metadata of all vectors of these documents. */
  metadataOf(documents: readonly DocumentRef[]): Promise<StoredMetadata[]>;
  /** Keys that are not listed keep their values. Ids that are not stored are ignored. */
  updateMetadata(changes: ReadonlyMap<string, MetadataChanges>): Promise<void>;
  /** The subset of the ids that is stored. */
  present(ids: readonly string[]): Promise<Set<string>>;
  /** Metadata of the ids that are stored. */
  readMetadata(ids: readonly string[]): Promise<StoredMetadata[]>;
  /** The vectors of the ids that are stored, in no particular order. */
  read(ids: readonly string[]): Promise<StoredVector[]>;
  /** The nearest neighbours, best first. */
  query(query: NeighbourQuery): Promise<Neighbour[]>;
}

/** The part of a store that a merge needs. */
export type MergeStore = Omit<VectorStore, "idsAt" | "query">;
