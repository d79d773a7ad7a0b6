import type { StoredVector } from "../../collections/chroma/vector-store.ts";
import { Snapshot } from "./snapshot.ts";

/**
 * Whether every vector of a generation is held in memory and compared. Otherwise Chroma's approximate index answers.
 */
export function isExact(vectors: number, exactVectors: number): boolean {
  return vectors <= exactVectors;
}

export async function readSnapshot(
  store: { vectorPages(): AsyncIterable<readonly StoredVector[]> },
  dimensions: number,
): Promise<Snapshot> {
  const all: StoredVector[] = [];
  for await (const page of store.vectorPages()) all.push(...page);
  return Snapshot.of(all, dimensions);
}
