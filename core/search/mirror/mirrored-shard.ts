import type { Neighbour, NeighbourQuery, StoredVector } from "../../collections/chroma/vector-store.ts";

/** The mirror of a shard, as a search sees it. */
export interface MirroredShard {
  /** The number of the generation that it contains, with all of its changes; undefined if nothing is mirrored. */
  generation(): Promise<number | undefined>;
  /** Approximate nearest neighbours, nearest first. */
  query(query: NeighbourQuery): Promise<Neighbour[]>;
  find(id: string): Promise<StoredVector | undefined>;
}
