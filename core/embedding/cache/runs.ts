import type { Hit } from "./find-in-packs.ts";
import type { Pack } from "./pack-index.ts";

/** Neighbouring vectors of a pack, which one request reads. */
export interface Run {
  readonly pack: Pack;
  /** Positions, both included. */
  readonly first: number;
  readonly last: number;
  readonly hits: readonly Hit[];
}

/** Reading these bytes in vain takes a function about as long as another request costs. */
const maxGapBytes = 1024 * 1024;
const maxRunBytes = 8 * 1024 * 1024;

/** The hits in few requests. */
export function runsOf(hits: readonly Hit[]): Run[] {
  return [...Map.groupBy(hits, ({ pack }) => pack)].flatMap(([pack, own]) => {
    const { entryLength } = pack.shape;
    const runs: { pack: Pack; first: number; last: number; hits: Hit[] }[] = [];
    for (const hit of own.toSorted((a, b) => a.position - b.position)) {
      const run = runs.at(-1);
      const isNear =
        run !== undefined &&
        (hit.position - run.last - 1) * entryLength <= maxGapBytes &&
        (hit.position - run.first + 1) * entryLength <= maxRunBytes;
      if (isNear) {
        run.last = hit.position;
        run.hits.push(hit);
      } else runs.push({ pack, first: hit.position, last: hit.position, hits: [hit] });
    }
    return runs;
  });
}
