import type { Delta, VectorMetadata } from "../../deltas/delta.ts";
import type { DocumentRef } from "../../documents/documents.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";

/** Some vectors of a delta: those from position `from` up to, not including, `to`. */
export interface DeltaPart {
  readonly delta: Delta;
  readonly from: number;
  readonly to: number;
}

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

/** New values of metadata keys; null takes a key away. */
export type MetadataChanges = Readonly<Record<string, VectorMetadata[string] | null>>;

/** Holds for a vector when at least one of these keys of its metadata has exactly this value. */
export interface MetadataTerm {
  readonly anyOf: readonly [string, ...string[]];
  readonly equals: VectorMetadata[string];
}

export interface NeighbourQuery {
  readonly vector: readonly number[];
  readonly k: number;
  /** Every term must hold. Empty: no filter. */
  readonly filter: readonly MetadataTerm[];
}

export interface Neighbour {
  readonly id: string;
  readonly document: string;
  readonly metadata: VectorMetadata;
  /** Cosine similarity, 1 for the same direction. */
  readonly similarity: number;
}

/** The store would not take an upsert; nothing of it is stored. */
export class UpsertRefusedError extends VectorkeepError {
  constructor(why: string) {
    super(
      `The vector store refused an upsert: ${why}.`,
      "One of its vectors is not what the collection holds; compare model and dimensions.",
    );
  }
}

/** One collection of vectors, open for this process alone. */
export interface VectorStore {
  /**
   * All in one request: see `SliceBuilder` for how many it holds. Requests go one after another, in the order of
   * the calls, whether their callers wait or not.
   * Throws UpsertRefusedError when the store would not take it; then none of it is stored.
   */
  upsert(parts: readonly DeltaPart[]): Promise<void>;
  /** Absent ids are skipped. */
  delete(ids: readonly string[]): Promise<void>;
  count(): Promise<number>;
  /** Ids of stored vectors, at most `limit` from a position on. Nothing may be written between two calls. */
  idsAt(offset: number, limit: number): Promise<string[]>;
  /** Ids of all vectors of these documents. */
  idsOf(documents: readonly DocumentRef[]): Promise<string[]>;
  /** Metadata of all vectors of these documents. */
  metadataOf(documents: readonly DocumentRef[]): Promise<StoredMetadata[]>;
  /** Keys that are not named stay as they are. Absent ids are skipped. */
  updateMetadata(changes: ReadonlyMap<string, MetadataChanges>): Promise<void>;
  /** Those of the ids that are stored. */
  present(ids: readonly string[]): Promise<Set<string>>;
  /** Metadata of those of the ids that are stored. */
  readMetadata(ids: readonly string[]): Promise<StoredMetadata[]>;
  /** The stored vectors of these ids, in no order. */
  read(ids: readonly string[]): Promise<StoredVector[]>;
  /** Best first. */
  query(query: NeighbourQuery): Promise<Neighbour[]>;
}
