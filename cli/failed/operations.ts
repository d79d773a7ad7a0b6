import type { FailedSource, Listing, Retried } from "../../core/failed/failed-source.ts";

/** How many things of a source are shown at most. */
const most = 100;

/** A source that could not be looked at, or not to the end. */
export interface Unread {
  readonly name: string;
  readonly error: string;
}

export type Listed = Unread | ({ readonly name: string } & Listing);
export type RetriedSource = Unread | ({ readonly name: string } & Retried);
export type Purged = Unread | { readonly name: string; readonly purged: number; readonly left: number };

/** What is there, source by source: one that cannot be read does not hide the others. */
export function listAll(sources: readonly FailedSource[]): Promise<Listed[]> {
  return Promise.all(sources.map((source) => attempt(source, () => source.list(most))));
}

/** One source after the other: what one of them sends again may be what another one waits for. */
export async function retryAll(sources: readonly FailedSource[]): Promise<RetriedSource[]> {
  const done: RetriedSource[] = [];
  for (const source of sources) done.push(await attempt(source, () => source.retry()));
  return done;
}

/** Deletes what was listed, and nothing that came in since. */
export async function purgeAll(
  sources: readonly FailedSource[],
  listed: readonly Listed[],
): Promise<Purged[]> {
  const done: Purged[] = [];
  for (const source of sources) {
    const listing = listed.find(({ name }) => name === source.name);
    if (listing === undefined) continue;
    if ("error" in listing) done.push(listing);
    else {
      done.push(
        await attempt(source, async () => {
          const purged = listing.total === 0 ? 0 : await source.purge(listing);
          return { purged, left: Math.max(0, listing.total - purged) };
        }),
      );
    }
  }
  return done;
}

/** 0 where nothing is left that failed, 1 where something is, 2 where a source could not be read. */
export function exitCodeOf(results: readonly (Listed | RetriedSource | Purged)[]): 0 | 1 | 2 {
  if (results.some((result) => "error" in result)) return 2;
  return results.some((result) => leftOf(result) > 0) ? 1 : 0;
}

function leftOf(result: Listed | RetriedSource | Purged): number {
  if ("error" in result) return 0;
  if ("total" in result) return result.total;
  return "purged" in result ? result.left : result.stayed.length + result.untouched;
}

async function attempt<Result extends object>(
  { name }: FailedSource,
  act: () => Promise<Result>,
): Promise<Unread | ({ readonly name: string } & Result)> {
  try {
    return { name, ...(await act()) };
  } catch (error) {
    return { name, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}
