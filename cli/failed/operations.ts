import { failedSince } from "../../core/failed/failed-again.ts";
import type { FailedSource, FailedThing, Listing, Retried } from "../../core/failed/failed-source.ts";

/** How many things of a source are shown at most. */
const most = 100;

/** A source that could not be looked at, or not to the end. */
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

/** Whether something was sent again, of which it is not known yet what becomes of it. */
export function hasSent(results: readonly RetriedSource[]): boolean {
  return results.some((one) => !("error" in one) && one.retried > 0);
}

/**
 * The results of a retry with what has failed since it began: also in sources that nobody has asked for, since what is sent
 * again from one place may end in another.
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
