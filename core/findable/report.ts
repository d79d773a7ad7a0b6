import * as z from "zod";

const count = z.int().min(0);

export const findableReport = z.object({
  shard: z.string(),
  /** Name of the searched generation; null if nothing is published. */
  generation: z.string().nullable(),
  /** Whether every vector was compared, as for shards of up to `exact_vectors`. Otherwise Chroma's index answered. */
  exact: z.boolean(),
  exact_vectors: count,
  /** Number of vectors in the whole shard. */
  vectors: count,
  asked: count,
  /** Number of searched vectors that were found; the others are not_found. */
  found: count,
  not_found: count,
  /** The first vectors that were not found, each with the reason. */
  missed: z.array(z.object({ id: z.string(), why: z.string() })),
  seconds: z.number(),
  /** The last id that was searched; the next call continues after it. Null if none remain. */
  next: z.string().nullable(),
});

/** The result of searching for the vectors of a shard, or some of them, by their own numbers. */
export type FindableReport = z.infer<typeof findableReport>;

/** Maximum number of ids in a report, so that the joined report of many invocations stays small. */
export const maxMissed = 1_000;

/** Joins two consecutive parts of one shard's report. */
export function joinedFindable(before: FindableReport, after: FindableReport): FindableReport {
  return {
    ...after,
    // A part that Chroma's index answered is not exact, even if the later generation is.
    exact: before.exact && after.exact,
    asked: before.asked + after.asked,
    found: before.found + after.found,
    not_found: before.not_found + after.not_found,
    missed: [...before.missed, ...after.missed].slice(0, maxMissed),
    seconds: before.seconds + after.seconds,
  };
}

/** The share of the searched vectors that was found, rounded down, so that 1.000 means that none was missed. */
export function recallText({ asked, found }: Pick<FindableReport, "asked" | "found">): string {
  return asked === 0 ? "-" : (Math.floor((found / asked) * 1000) / 1000).toFixed(3);
}
