import type { Hit } from "../search/hit.ts";

/** A vector must be among this number of hits of a search by its own numbers. */
export const hitsAsked = 10;

/** The precision of a float32 cosine. A search cannot distinguish vectors that are closer than this. */
const tolerance = 1e-5;

/**
 * The reason why a search by a vector's own numbers does not find it; undefined if it does. Equal texts have equal
 * vectors, and there may be more of them than hits, so a vector that is not shown counts as found if every hit is as
 * close as the vector itself.
 */
export function notFoundWhy(id: string, hits: readonly Hit[]): string | undefined {
  if (hits.some((hit) => hit.id === id || hit.row?.ids.includes(id))) return undefined;
  const farthest = hits.at(-1)?.score;
  if (farthest === undefined) return "it has no hits";
  if (hits.length >= hitsAsked && farthest >= 1 - tolerance) return undefined;
  return `it is not among ${hits.length} hits, of which the last has cosine ${farthest.toFixed(4)}`;
}
