/** The CURRENT item of a receipt: which run counts, and what of it was removed since. */
export interface CurrentRun {
  /** Undefined while no run has counted yet. */
  readonly runId: string | undefined;
  /**
   * Epoch milliseconds: the message's exported_at, else its SentTimestamp; or the removal's. Only ever grows, unless it
   * is from the future.
   */
  readonly revision: number;
  readonly state: "ACTIVE" | "DELETED";
  /** The attempt that the run must be at; a run whose attempts are lower still has to be (re-)opened. 0: no run. */
  readonly attempt: number;
  /** Tombstones: the revision of each removal of a line or word that no newer content has brought back. */
  readonly removed: ReadonlyMap<RemovedPart, number>;
  /** Runs that counted before. Those that stopped last, if they are many. */
  readonly former: ReadonlyMap<string, FormerRun>;
  /** The highest attempt of those that are remembered no more; 0: there are none. */
  readonly forgotten: number;
  /** Runs whose deltas are being removed, and since when (epoch milliseconds). None of them may be made current. */
  readonly expiring: ReadonlyMap<string, number>;
  /** Writes of the item so far: what a compare-and-set compares. */
  readonly version: number;
}

export interface FormerRun {
  /** The revision at which it stopped to count. */
  readonly stoppedAt: number;
  /** The last attempt that CURRENT asked for. It may be yet to be opened, by who was paused since. */
  readonly attempt: number;
}

/** A line, or a word with its line, as in the sort key of its item: `LINE#00001` or `LINE#00001#WORD#00002`. */
export type RemovedPart = `LINE#${string}`;

export interface Removal {
  readonly part: "RECEIPT" | RemovedPart;
  readonly revision: number;
}

export type NextCurrent = Omit<CurrentRun, "version">;

const none: NextCurrent = {
  runId: undefined,
  revision: 0,
  state: "ACTIVE",
  attempt: 0,
  removed: new Map(),
  former: new Map(),
  forgotten: 0,
  expiring: new Map(),
};

/** They keep the item below 8 KB. */
const maxFormerRuns = 100;
/** Who removes deltas is done within minutes, or dead. */
const maxExpiryMs = 3_600_000;

/**
 * The attempt at which a run, which is at attempt `opened` (0: it is not there), is made current: above each that was
 * asked for before. Whoever opens one of those late cannot pass for this one, and so close it before it counts.
 */
export function nextAttempt(current: CurrentRun | undefined, runId: string, opened: number): number {
  const asked = current?.runId === runId ? current.attempt : current?.former.get(runId)?.attempt;
  return Math.max(opened, asked ?? current?.forgotten ?? 0) + 1;
}

/** The run counts from this revision on, whole but for what was removed after it. */
export function madeCurrent(
  before: CurrentRun | undefined,
  run: { readonly runId: string | undefined; readonly attempt: number },
  revision: number,
): NextCurrent {
  return {
    runId: run.runId,
    revision,
    state: "ACTIVE",
    attempt: run.attempt,
    removed: removedSince(before?.removed ?? none.removed, revision),
    ...formerAfter(before, run.runId, revision),
    expiring: before?.expiring ?? none.expiring,
  };
}

/**
 * The revision by which a run had stopped to count; undefined for the one that counts. One that is not remembered
 * stopped before all that are, or never counted.
 */
export function stoppedAt(current: CurrentRun, runId: string): number | undefined {
  if (current.runId === runId) return current.state === "ACTIVE" ? undefined : current.revision;
  const former = [...current.former.values()].map((run) => run.stoppedAt);
  return current.former.get(runId)?.stoppedAt ?? Math.min(current.revision, ...former);
}

/** Whether the deltas of a run may vanish at any moment. `now` is epoch milliseconds. */
export function isExpiring(current: CurrentRun, runId: string, now: number): boolean {
  const since = current.expiring.get(runId);
  return since !== undefined && now - since < maxExpiryMs;
}

/** Clocks of exporters may be ahead by so much. */
export const maxClockLeadMs = 300_000;

/** Whether a revision was written by a clock that lies. It would freeze its receipt until then (F37). */
export function isFromFuture(revision: number, now: number): boolean {
  return revision > now + maxClockLeadMs;
}

/**
 * Whether content counts over what counts now: it is newer, or of the same moment and its run has the greater id, which
 * follows from the content, so everybody decides alike in whichever order they see the two. What was removed at that
 * moment stays removed. A revision from the future holds nothing off. `now` is epoch milliseconds.
 */
export function countsOver(
  current: CurrentRun | undefined,
  { runId, revision }: { readonly runId: string; readonly revision: number },
  now: number,
): boolean {
  if (current === undefined || isFromFuture(current.revision, now)) return true;
  if (revision !== current.revision) return revision > current.revision;
  return current.state === "ACTIVE" && runId > (current.runId ?? "");
}

/** Whether content of this revision brings back something that was removed before it. */
export function bringsBack(current: CurrentRun, revision: number): boolean {
  return removedSince(current.removed, revision).size < current.removed.size;
}

/**
 * What CURRENT becomes by removals; undefined where they change nothing: newer content counts, or they are known.
 * A removal is honoured by content that is not newer, whichever of the two is seen first; content from the future is not
 * newer than anything. `now` is epoch milliseconds.
 */
export function afterRemovals(
  before: CurrentRun | undefined,
  removals: readonly Removal[],
  now: number,
): NextCurrent | undefined {
  let next: NextCurrent = before ?? none;
  for (const { part, revision } of removals) {
    if (isFromFuture(next.revision, now)) next = { ...next, revision };
    if (revision < next.revision) continue;
    if (part === "RECEIPT") {
      if (next.state === "DELETED" && revision === next.revision) continue;
      next = { ...next, state: "DELETED", revision, removed: removedSince(next.removed, revision) };
    } else if (revision > (next.removed.get(part) ?? -1)) {
      next = { ...next, removed: new Map(next.removed).set(part, revision) };
    }
  }
  return next === (before ?? none) ? undefined : next;
}

/** Whether a line (or a word, given its number too) is removed. Removing a line removes its words. */
export function isRemoved(current: CurrentRun, line: RemovedPart, word?: RemovedPart): boolean {
  return current.removed.has(line) || (word !== undefined && current.removed.has(word));
}

function removedSince(
  removed: ReadonlyMap<RemovedPart, number>,
  revision: number,
): ReadonlyMap<RemovedPart, number> {
  return new Map([...removed].filter(([, removedAt]) => removedAt >= revision));
}

function formerAfter(
  before: CurrentRun | undefined,
  runId: string | undefined,
  revision: number,
): Pick<NextCurrent, "former" | "forgotten"> {
  const former = new Map(before?.former);
  if (before?.runId !== undefined) {
    const stoppedAt = before.state === "DELETED" ? before.revision : revision;
    former.set(before.runId, { stoppedAt, attempt: before.attempt });
  }
  if (runId !== undefined) former.delete(runId);
  const newestFirst = [...former].sort(([, one], [, other]) => other.stoppedAt - one.stoppedAt);
  const attempts = newestFirst.slice(maxFormerRuns).map(([, { attempt }]) => attempt);
  return {
    former: new Map(newestFirst.slice(0, maxFormerRuns)),
    forgotten: Math.max(before?.forgotten ?? none.forgotten, ...attempts),
  };
}
