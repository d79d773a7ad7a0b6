import * as z from "zod";

/** Counts of rows by outcome. Every row is in exactly one of processed, failed, filtered and duplicates. */
export const counts = z.object({
  /** In the index as their row says; those that were there already among them. */
  processed: z.number().int().min(0),
  failed: z.number().int().min(0),
  /** Outside the dates that were asked for. */
  filtered: z.number().int().min(0),
  /** Replaced by a later row of the file; 0 where it was counted before there was such a count. */
  duplicates: z.number().int().min(0).default(0),
  /** Of the processed: skipped, because the index held the same content. */
  unchanged: z.number().int().min(0),
  /** Tokens that the texts have, as the model counts them or a bound of it. */
  tokens: z.number().int().min(0),
});

export type Counts = z.infer<typeof counts>;

export const nothing: Counts = {
  processed: 0,
  failed: 0,
  filtered: 0,
  duplicates: 0,
  unchanged: 0,
  tokens: 0,
};

export function sum(all: Iterable<Counts>): Counts {
  const total = { ...nothing };
  for (const one of all) {
    for (const name of Object.keys(total) as (keyof Counts)[]) total[name] += one[name];
  }
  return total;
}

/** Numbers of the chunks with failed records of a task that is over, ascending. One that was given up has no counts. */
export function failedChunks(
  { chunks = 0 }: { readonly chunks?: number | undefined },
  counts: ReadonlyMap<number, Counts>,
): number[] {
  return Array.from({ length: chunks }, (_, chunk) => chunk).filter(
    (chunk) => counts.get(chunk)?.failed !== 0,
  );
}

export function rowsIn({ processed, failed, filtered, duplicates }: Counts): number {
  return processed + failed + filtered + duplicates;
}
