import { type Collection, collections } from "../../contract/collections.ts";
import type { Observation, Workload } from "./observation.ts";

/** The expected and the published content of a collection. */
export interface Comparison {
  readonly collection: Collection;
  readonly expected: number;
  readonly published: number;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly repeated: readonly string[];
}

export function compareIds(
  collection: Collection,
  expected: ReadonlySet<string>,
  published: readonly string[],
): Comparison {
  const seen = new Set<string>();
  const repeated = published.filter((id) => seen.size === seen.add(id).size);
  return {
    collection,
    expected: expected.size,
    published: published.length,
    missing: [...expected].filter((id) => !seen.has(id)),
    extra: [...seen].filter((id) => !expected.has(id)),
    repeated,
  };
}

/** Everything that was lost, failed, dead-lettered or left over, one sentence each. Empty: all is well. */
export function findings(
  observation: Observation,
  { receipts }: Workload,
  comparisons: readonly Comparison[],
): readonly string[] {
  const found: string[] = [];
  const { embedded, rejectedRows, queues } = observation;
  if (embedded !== receipts) found.push(`${embedded} of ${receipts} receipts were embedded.`);
  if (rejectedRows > 0) found.push(`${rejectedRows} rows were rejected; see rejected/ in the deltas bucket.`);
  for (const collection of collections) {
    const { completed, failed } = observation.collections[collection];
    if (completed !== receipts) {
      found.push(`${completed} of ${receipts} runs are COMPLETED in ${collection} (${failed} FAILED).`);
    }
  }
  for (const { name, waiting, inFlight } of queues) {
    if (waiting + inFlight > 0) found.push(`${waiting + inFlight} messages are left in ${name}.`);
  }
  for (const comparison of comparisons) found.push(...differences(comparison));
  return found;
}

function differences({ collection, expected, missing, extra, repeated }: Comparison): string[] {
  const kinds = { missing, extra, repeated };
  return Object.entries(kinds)
    .filter(([, ids]) => ids.length > 0)
    .map(([kind, ids]) => `${collection}: ${ids.length} of ${expected} ids are ${kind}, first ${ids[0]}.`);
}
