import type { DocumentPart, RemovedPart } from "../documents/documents.ts";

/** The CURRENT item of a document: its current run and the removals since. */
export interface CurrentRun {
  /** Undefined before the first run. */
  readonly runId: string | undefined;
  /**
   * Epoch milliseconds: exported_at or SentTimestamp of the message, or the time of the removal. Only grows, unless it
   * lies in the future.
   */
  readonly revision: number;
  readonly state: "ACTIVE" | "DELETED";
  /** The attempt at which the run must be open; a run with a lower attempt must still be (re)opened. 0: no run. */
  readonly attempt: number;
  /** Tombstones: the revision of each removal of a part, until newer content restores it. */
  readonly removed: ReadonlyMap<DocumentPart, number>;
  /** Superseded runs, limited to the most recent ones. */
  readonly former: ReadonlyMap<string, FormerRun>;
  /** The highest attempt of the runs dropped from `former`; 0: none were dropped. */
  readonly forgotten: number;
  /**
   * Runs whose deltas are being removed, with the time at which that began (epoch milliseconds). They must not become
   * current.
   */
  readonly expiring: ReadonlyMap<string, number>;
  /** Number of writes of the item, for optimistic concurrency. */
  readonly version: number;
}

export interface FormerRun {
  /** The revision at which it was superseded. */
  readonly stoppedAt: number;
  /** The last attempt that CURRENT required. A paused process may still open it. */
  readonly attempt: number;
}

export interface Removal {
  readonly part: RemovedPart;
  readonly revision: number;
}

export type NextCurrent = Omit<CurrentRun, "version">;

/** CURRENT of a document about which nothing is known. */
export const noCurrent: NextCurrent = {
  runId: undefined,
  revision: 0,
  state: "ACTIVE",
  attempt: 0,
  removed: new Map(),
  former: new Map(),
  forgotten: 0,
  expiring: new Map(),
};

/** Keeps the item below 8 KB. */
const maxFormerRuns = 100;
/** A process that removes deltas finishes within minutes, or has crashed. */
const maxExpiryMs = 3_600_000;

/**
 * The attempt at which a run becomes current, if the run is now at attempt `opened` (0: it does not exist). It is above
 * every attempt required so far, so that a process that opens an earlier attempt late cannot be mistaken for this one.
 */
export function nextAttempt(current: CurrentRun | undefined, runId: string, opened: number): number {
  const asked = current?.runId === runId ? current.attempt : current?.former.get(runId)?.attempt;
  return Math.max(opened, asked ?? current?.forgotten ?? 0) + 1;
}

/** CURRENT after the run becomes current at this revision. Later removals are kept. */
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
    removed: removedSince(before?.removed ?? noCurrent.removed, revision),
    ...formerAfter(before, run.runId, revision),
    expiring: before?.expiring ?? noCurrent.expiring,
  };
}

/**
 * The revision at which a run was superseded; undefined for the current run. A run that is missing from `former` was
 * superseded before all runs in it, or was never current.
 */
export function stoppedAt(current: CurrentRun, runId: string): number | undefined {
  if (current.runId === runId) return current.state === "ACTIVE" ? undefined : current.revision;
  const former = [...current.former.values()].map((run) => run.stoppedAt);
  return current.former.get(runId)?.stoppedAt ?? Math.min(current.revision, ...former);
}

/** Whether the deltas of a run may be deleted at any time. `now` is epoch milliseconds. */
export function isExpiring(current: CurrentRun, runId: string, now: number): boolean {
  const since = current.expiring.get(runId);
  return since !== undefined && now - since < maxExpiryMs;
}

/** Tolerated clock skew of exporters. */
export const maxClockLeadMs = 300_000;

/** Whether a revision was set by a wrong clock. Accepting it would freeze the document until that time (F37). */
export function isFromFuture(revision: number, now: number): boolean {
  return revision > now + maxClockLeadMs;
}

/**
 * Whether content supersedes the current content: its revision is higher, or equal with the greater run id. A run id
 * depends on the content alone, so the decision does not depend on the order of arrival. Removals at the same revision
 * win. `now` is epoch milliseconds.
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

/** Whether content of this revision restores a part that was removed before it. */
export function bringsBack(current: CurrentRun, revision: number): boolean {
  return removedSince(current.removed, revision).size < current.removed.size;
}

/**
 * CURRENT after removals; undefined if they change nothing, because the current content is newer or they are already
 * recorded. A removal applies to all content that is not newer, in whichever order they arrive; content from the future
 * never counts as newer. `now` is epoch milliseconds.
 */
export function afterRemovals(
  before: CurrentRun | undefined,
  removals: readonly Removal[],
  now: number,
): NextCurrent | undefined {
  let next: NextCurrent = before ?? noCurrent;
  for (const { part, revision } of removals) {
    if (isFromFuture(next.revision, now)) next = { ...next, revision };
    if (revision < next.revision) continue;
    if (part === "DOCUMENT") {
      if (next.state === "DELETED" && revision === next.revision) continue;
      next = { ...next, state: "DELETED", revision, removed: removedSince(next.removed, revision) };
    } else if (revision > (next.removed.get(part) ?? -1)) {
      next = { ...next, removed: new Map(next.removed).set(part, revision) };
    }
  }
  return next === (before ?? noCurrent) ? undefined : next;
}

/** Whether one of these parts is removed. */
export function isRemoved(current: CurrentRun, ...parts: readonly DocumentPart[]): boolean {
  return parts.some((part) => current.removed.has(part));
}

function removedSince(
  removed: ReadonlyMap<DocumentPart, number>,
  revision: number,
): ReadonlyMap<DocumentPart, number> {
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
    forgotten: Math.max(before?.forgotten ?? noCurrent.forgotten, ...attempts),
  };
}
