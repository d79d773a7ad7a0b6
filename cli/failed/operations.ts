import { failedSince } from "../../core/failed/failed-again.ts";
import type { FailedSource, FailedThing, Listing, Retried } from "../../core/failed/failed-source.ts";

/** The maximum number of failures that are shown per source. */
const most = 100;

/** A source that could not be read completely. */
export interface Unread {
  readonly name: string;
  readonly error: string;
}

export type Listed = Unread | ({ readonly name: string } & Listing);
export type RetriedSource =
  | Unread
  | ({
      readonly name: string /** Since the retry began. */;
      readonly failedAgain?: readonly FailedThing[];
    } & Retried);
export type Purged = Unread | { readonly name: string; readonly purged: number; readonly left: number };

/** Lists all sources. An unreadable source does not hide the others. */
export function listAll(sources: readonly FailedSource[]): Promise<Listed[]> {
  return Promise.all(sources.map((source) => attempt(source, () => source.list(most))));
}

/** Retries the sources one after the other, because a later source may depend on an earlier one. */
export async function retryAll(sources: readonly FailedSource[]): Promise<RetriedSource[]> {
  const done: RetriedSource[] = [];
  for (const source of sources) done.push(await attempt(source, () => source.retry()));
  return done;
}

/** Whether a retry has sent anything whose outcome is still open. */
export function hasSent(results: readonly RetriedSource[]): boolean {
  return results.some((one) => !("error" in one) && one.retried > 0);
}

/**
 * Adds the failures since a retry began to its results. Includes sources that were not retried, because what one source
 * sends may fail in another.
 */
export async function withFailedAgain(
  all: readonly FailedSource[],
  results: readonly RetriedSource[],
  began: string,
): Promise<RetriedSource[]> {
  const looks = await Promise.all(
    all.map((source) => attempt(source, () => source.list(Number.POSITIVE_INFINITY))),
  );
  return looks.flatMap((look): RetriedSource[] => {
    const result = results.find(({ name }) => name === look.name);
    if (result !== undefined && "error" in result) return [result];
    if ("error" in look) return [look];
    const { stayed = [] } = result ?? {};
    const failedAgain = failedSince(look.things, stayed, began);
    if (result !== undefined) return [{ ...result, failedAgain }];
    return failedAgain.length === 0
      ? []
      : [{ name: look.name, retried: 0, stayed: [], untouched: 0, failedAgain }];
  });
}

/** Deletes only what was listed, not what has arrived since. */
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

/** Returns 0 if no failures are left, 1 if some are, 2 if a source could not be read. */
export function exitCodeOf(results: readonly (Listed | RetriedSource | Purged)[]): 0 | 1 | 2 {
  if (results.some((result) => "error" in result)) return 2;
  return results.some((result) => leftOf(result) > 0) ? 1 : 0;
}

function leftOf(result: Listed | RetriedSource | Purged): number {
  if ("error" in result) return 0;
  if ("total" in result) return result.total;
  if ("purged" in result) return result.left;
  return result.stayed.length + result.untouched + (result.failedAgain?.length ?? 0);
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
