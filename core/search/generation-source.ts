import type { Neighbour, NeighbourQuery } from "../collections/chroma/vector-store.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";

/** The head of a shard, as far as a reader cares. */
export interface PublishedGeneration {
  /** 1 for the first generation ever published; grows by one a publish. */
  readonly number: number;
  /** Unique, also among generations of the same number: `{number:08d}-{token}`. */
  readonly name: string;
}

/** What the hits of a generation come from. */
export interface Searchable {
  /** All of it in memory, for exact and lexical answers; undefined where it has too many vectors for that. */
  readonly snapshot: Snapshot | undefined;
  /** Nearest neighbours by Chroma's approximate index, best first. Only where there is no snapshot. */
  query(query: NeighbourQuery): Promise<readonly Neighbour[]>;
}

/** A private copy of one generation, opened for reading. */
export interface OpenGeneration extends Searchable {
  readonly number: number;
  readonly name: string;
  /** Vectors in it. */
  readonly count: number;
  /** False once the server behind it has gone. */
  alive(): boolean;
  /** Stops the server and removes the private copy. */
  close(): Promise<void>;
}

/** Where a reader finds what one shard has published. */
export interface GenerationSource {
  /** Undefined while nothing has been published. */
  head(): Promise<PublishedGeneration | undefined>;
  /**
   * Reads only what differs from `previous`, if it can determine that. Throws if the published files are missing or
   * corrupt.
   */
  open(published: PublishedGeneration, previous: OpenGeneration | undefined): Promise<OpenGeneration>;
}
