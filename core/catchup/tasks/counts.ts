import * as z from "zod";

/** Counts of rows by outcome. Every row is in exactly one of processed, failed, filtered and duplicates. */
export const counts = z.object({
  /** Rows whose vectors are in the index, including those that already were. */
  processed: z.number().int().min(0),
  failed: z.number().int().min(0),
  /** Rows outside the requested dates. */
  filtered: z.number().int().min(0),
  /** Rows replaced by a later row of the file; 0 in counts from before this field existed. */
  duplicates: z.number().int().min(0).default(0),
  /** Processed rows that were skipped, because the index already had the same content. */
  unchanged: z.number().int().min(0),
  /** Processed rows whose vectors the embedding cache had; 0 in counts from before this field existed. */
  cached: z.number().int().min(0).default(0),
  /** Tokens of the texts that were paid for, as counted by the model or an upper bound. */
  tokens: z.number().int().min(0),
});

export type Counts = z.infer<typeof counts>;

export const nothing: Counts = {
  processed: 0,
  failed: 0,
  filtered: 0,
  duplicates: 0,
  unchanged: 0,
  cached: 0,
  tokens: 0,
};

export function sum(all: Iterable<Counts>): Counts {
  const total = { ...nothing };
  for (const one of all) {
    for (const name of Object.keys(total) as (keyof Counts)[]) total[name] += one[name];
  }
  return total;
}

/**
 * Numbers of the chunks of an ended task that have failed records, in ascending order. A chunk that was given up has no
 * counts.
 */
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
