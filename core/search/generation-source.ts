import type { Neighbour, NeighbourQuery } from "../collections/chroma/vector-store.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";

/** The head of a shard, as a reader needs it. */
export interface PublishedGeneration {
  /** 1 for the first generation ever published; each publish adds one. */
  readonly number: number;
  /** Unique, even among generations with the same number: `{number:08d}-{token}`. */
  readonly name: string;
}

/** A generation that can be searched. */
export interface Searchable {
  /** All vectors in memory, for exact and lexical answers; undefined if there are too many. */
  readonly snapshot: Snapshot | undefined;
  /** Nearest neighbours in Chroma's approximate index, best first. Only available without a snapshot. */
  query(query: NeighbourQuery): Promise<readonly Neighbour[]>;
}

/** A private copy of one generation, opened for reading. */
export interface OpenGeneration extends Searchable {
  readonly number: number;
  readonly name: string;
  /** Number of vectors. */
  readonly count: number;
  /** False if the server of the copy has exited. */
  alive(): boolean;
  /** Stops the server and removes the private copy. */
  close(): Promise<void>;
}

/** The published generations of one shard. */
export interface GenerationSource {
  /** Undefined while nothing is published. */
  head(): Promise<PublishedGeneration | undefined>;
  /**
   * Reads only the difference to `previous` if it can determine it. Throws if the published files are missing or
   * corrupt.
   */
  open(published: PublishedGeneration, previous: OpenGeneration | undefined): Promise<OpenGeneration>;
}
