import type { Hit } from "../search/hit.ts";

/** Hits that a vector has to be among when it asks for itself. */
export const hitsAsked = 10;

/** What float32 leaves of a cosine's digits: two vectors that are nearer to each other than this are one for a search. */
const tolerance = 1e-5;

/**
 * Why a vector that asked for itself is not found; undefined where it is. Equal texts have equal vectors, and more of
 * them than there are hits leave no room for all: one that is not shown is found where every hit is as near as itself.
 */
export function notFoundWhy(id: string, hits: readonly Hit[]): string | undefined {
  if (hits.some((hit) => hit.id === id || hit.row?.ids.includes(id))) return undefined;
  const farthest = hits.at(-1)?.score;
  if (farthest === undefined) return "it has no hits";
  if (hits.length >= hitsAsked && farthest >= 1 - tolerance) return undefined;
  return `it is not among ${hits.length} hits, of which the last has cosine ${farthest.toFixed(4)}`;
}
