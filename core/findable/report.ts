import * as z from "zod";

const count = z.int().min(0);

export const findableReport = z.object({
  shard: z.string(),
  /** Name of the generation that was asked; null where nothing is published. */
  generation: z.string().nullable(),
  /** Whether every vector was compared, as a search does up to `exact_vectors` of a shard; else by Chroma's index. */
  exact: z.boolean(),
  exact_vectors: count,
  /** In the whole shard. */
  vectors: count,
  asked: count,
  /** Of those asked. The rest is not_found. */
  found: count,
  not_found: count,
  /** The first of those, each with the reason. */
  missed: z.array(z.object({ id: z.string(), why: z.string() })),
  seconds: z.number(),
  /** The last id that was searched; the next call continues after it. Null if none remain. */
  next: z.string().nullable(),
});

/** Whether the vectors of one shard, or a part of them, are found by their own numbers. */
export type FindableReport = z.infer<typeof findableReport>;

/** Ids of one report, so that the answers of any number of invocations stay small. */
export const maxMissed = 1_000;

/** Two parts of one shard as one. */
export function joinedFindable(before: FindableReport, after: FindableReport): FindableReport {
  return {
    ...after,
    // A part that Chroma's index answered is not exact, whatever the later generation is.
    exact: before.exact && after.exact,
    asked: before.asked + after.asked,
    found: before.found + after.found,
    not_found: before.not_found + after.not_found,
    missed: [...before.missed, ...after.missed].slice(0, maxMissed),
    seconds: before.seconds + after.seconds,
  };
}

/** The share of those asked that was found, rounded down: 1.000 says that none was missed. */
export function recallText({ asked, found }: Pick<FindableReport, "asked" | "found">): string {
  return asked === 0 ? "-" : (Math.floor((found / asked) * 1000) / 1000).toFixed(3);
}
