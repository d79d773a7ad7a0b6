import { z } from "zod";

/** Which items of a batch a function's answer gives back. */
export type ItemFailures = "all" | ReadonlySet<string>;

const answer = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullable();

/**
 * Reads a `ReportBatchItemFailures` answer as Lambda does: no answer, or no failures in it, is success; a malformed
 * one, or one that names an item that is not in the batch, fails the whole batch.
 */
export function readItemFailures(payload: string, identifiers: readonly string[]): ItemFailures {
  const parsed = answer.safeParse(parseJson(payload));
  if (!parsed.success) return "all";
  const failed = new Set(parsed.data?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier));
  const known = new Set(identifiers);
  return [...failed].every((identifier) => known.has(identifier)) ? failed : "all";
}

function parseJson(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}
