/** The CURRENT item of a receipt: which run counts, and what of it was removed since. */
export interface CurrentRun {
  /** Undefined while no run has counted yet. */
  readonly runId: string | undefined;
  /** Epoch milliseconds: the message's exported_at, else its SentTimestamp; or the removal's. Only ever grows. */
  readonly revision: number;
  readonly state: "ACTIVE" | "DELETED";
  /** The attempt that the run must be at; a run whose attempts are lower still has to be (re-)opened. 0: no run. */
  readonly attempt: number;
  /** Tombstones: the revision of each removal of a line or word that no newer content has brought back. */
  readonly removed: ReadonlyMap<RemovedPart, number>;
  /** Writes of the item so far: what a compare-and-set compares. */
  readonly version: number;
}

/** A line, or a word with its line, as in the sort key of its item: `LINE#00001` or `LINE#00001#WORD#00002`. */
export type RemovedPart = `LINE#${string}`;

export interface Removal {
  readonly part: "RECEIPT" | RemovedPart;
  readonly revision: number;
}

export type NextCurrent = Omit<CurrentRun, "version">;

const none: NextCurrent = { runId: undefined, revision: 0, state: "ACTIVE", attempt: 0, removed: new Map() };

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
  };
}

/** Whether content of this revision brings back something that was removed before it. */
export function bringsBack(current: CurrentRun, revision: number): boolean {
  return removedSince(current.removed, revision).size < current.removed.size;
}

/**
 * What CURRENT becomes by removals; undefined where they change nothing: newer content counts, or they are known.
 * A removal is honoured by content that is not newer, whichever of the two is seen first.
 */
export function afterRemovals(
  before: CurrentRun | undefined,
  removals: readonly Removal[],
): NextCurrent | undefined {
  let next: NextCurrent = before ?? none;
  for (const { part, revision } of removals) {
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
