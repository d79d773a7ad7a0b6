import fc from "fast-check";
import {
  afterRemovals,
  bringsBack,
  type CurrentRun,
  countsOver,
  isExpiring,
  isFromFuture,
  isRemoved,
  madeCurrent,
  type NextCurrent,
  nextAttempt,
  type Removal,
  stoppedAt,
} from "../../../core/runs/current-run.ts";

const now = 1_000_000;
const stored = (next: NextCurrent | undefined): CurrentRun | undefined => next && { ...next, version: 1 };
const content = (runId: string, revision: number, before?: CurrentRun) =>
  stored(madeCurrent(before, { runId, attempt: 1 }, revision)) as CurrentRun;
const after = (before: CurrentRun | undefined, ...removals: Removal[]) =>
  stored(afterRemovals(before, removals, now)) ?? before;

describe("which run of a receipt counts, and what of it", () => {
  test("content is whole at first", () => {
    expect(content("a", 10)).toMatchObject({ runId: "a", revision: 10, state: "ACTIVE", removed: new Map() });
  });

  test("a line that is removed later is removed, with its words; other lines and words stay", () => {
    const current = after(content("a", 10), { part: "LINE#00001", revision: 11 });
    if (!current) throw new Error("A removal leaves a CURRENT.");
    expect(isRemoved(current, "LINE#00001")).toBe(true);
    expect(isRemoved(current, "LINE#00001", "LINE#00001#WORD#00003")).toBe(true);
    expect(isRemoved(current, "LINE#00002", "LINE#00002#WORD#00003")).toBe(false);
  });

  test("a word that is removed leaves its line and its neighbours", () => {
    const current = after(content("a", 10), { part: "LINE#00001#WORD#00003", revision: 11 });
    if (!current) throw new Error("A removal leaves a CURRENT.");
    expect(isRemoved(current, "LINE#00001", "LINE#00001#WORD#00003")).toBe(true);
    expect(isRemoved(current, "LINE#00001", "LINE#00001#WORD#00004")).toBe(false);
    expect(isRemoved(current, "LINE#00001")).toBe(false);
  });

  test.each(["LINE#00001", "DOCUMENT"] as const)(
    "F11: a removal of %s from before the content is void",
    (part) => {
      expect(afterRemovals(content("a", 10), [{ part, revision: 9 }], now)).toBeUndefined();
    },
  );

  test("what is removed is restored by newer content only", () => {
    const current = after(content("a", 10), { part: "LINE#00001", revision: 15 }) as CurrentRun;
    expect(bringsBack(current, 15)).toBe(false);
    expect(content("a", 12, current).removed.size).toBe(1);
    expect(bringsBack(current, 16)).toBe(true);
    expect(content("a", 16, current).removed.size).toBe(0);
  });

  test("F37: of content of one moment the same run counts, whichever is seen first", () => {
    const [a, b] = [content("a", 10), content("b", 10)];
    expect(countsOver(a, { runId: "b", revision: 10 }, now)).toBe(true);
    expect(countsOver(b, { runId: "a", revision: 10 }, now)).toBe(false);
    expect(countsOver(a, { runId: "a", revision: 10 }, now)).toBe(false);
    expect(countsOver(b, { runId: "a", revision: 11 }, now)).toBe(true);
    const removed = after(a, { part: "DOCUMENT", revision: 10 });
    expect(countsOver(removed, { runId: "b", revision: 10 }, now)).toBe(false);
  });

  test("content of another moment counts where it is newer, and the first always does", () => {
    expect(countsOver(undefined, { runId: "a", revision: 10 }, now)).toBe(true);
    expect(countsOver(content("a", 10), { runId: "b", revision: 11 }, now)).toBe(true);
    expect(countsOver(content("a", 10), { runId: "b", revision: 9 }, now)).toBe(false);
  });

  test("F37: a revision is from the future once it leads by more than five minutes", () => {
    expect(isFromFuture(now + 300_000, now)).toBe(false);
    expect(isFromFuture(now + 300_001, now)).toBe(true);
  });

  test("F37: a revision from the future holds nothing off, and is gone with what comes next", () => {
    const frozen = content("a", 1000 * now);
    expect(countsOver(frozen, { runId: "b", revision: now }, now)).toBe(true);
    const removed = after(frozen, { part: "DOCUMENT", revision: now });
    expect(removed).toMatchObject({ state: "DELETED", revision: now });
    expect(after(frozen, { part: "LINE#00001", revision: now })).toMatchObject({
      state: "ACTIVE",
      revision: now,
      removed: new Map([["LINE#00001", now]]),
    });
    // A clock may be a little ahead, and then the newer content counts as ever.
    expect(
      afterRemovals(content("a", now + 200_000), [{ part: "DOCUMENT", revision: now }], now),
    ).toBeUndefined();
  });

  test("a redelivered removal changes nothing", () => {
    const removals = [
      { part: "LINE#00001", revision: 15 },
      { part: "DOCUMENT", revision: 20 },
    ] as const;
    expect(afterRemovals(after(content("a", 10), ...removals), removals, now)).toBeUndefined();
  });

  const part = fc.constantFrom("LINE#00001", "DOCUMENT", "LINE#00002", "LINE#00001#WORD#00001" as const);
  const events = fc
    .array(
      fc.oneof(
        part.map((removed) => ({ removed })),
        fc.constantFrom("a", "b").map((runId) => ({ runId })),
      ),
      {
        maxLength: 8,
      },
    )
    .chain((made) =>
      fc.tuple(
        fc.constant(made.map((event, index) => ({ ...event, revision: 10 * (index + 1) }))),
        fc.shuffledSubarray([...made.keys()], { minLength: made.length }),
      ),
    );

  test("does not depend on the order in which contents and removals are seen", () => {
    fc.assert(
      fc.property(events, ([inOrder, order]) => {
        const seen = (sequence: typeof inOrder) => {
          let current: CurrentRun | undefined;
          for (const event of sequence) {
            if ("removed" in event)
              current = after(current, { part: event.removed as Removal["part"], ...event });
            else if (event.revision > (current?.revision ?? -1))
              current = content(event.runId, event.revision, current);
          }
          const { state, revision, removed, runId } = current ?? {};
          // Of a receipt that was removed, which run counted before says nothing.
          return { state, revision, removed, runId: state === "DELETED" ? undefined : runId };
        };
        expect(seen(order.flatMap((index) => inOrder[index] ?? []))).toEqual(seen(inOrder));
      }),
    );
  });
});

describe("the attempt at which a run is made current (F5)", () => {
  const asking = (runId: string, attempt: number, revision: number, before?: CurrentRun) =>
    stored(madeCurrent(before, { runId, attempt }, revision)) as CurrentRun;

  test("is the first for content that never counted", () => {
    expect(nextAttempt(undefined, "a", 0)).toBe(1);
    expect(nextAttempt(content("b", 10), "a", 0)).toBe(1);
  });

  test("is above the one that the run is at", () => {
    expect(nextAttempt(undefined, "a", 3)).toBe(4);
  });

  test("is above those that were asked for and are yet to be opened", () => {
    const counting = asking("a", 2, 10);
    expect(nextAttempt(counting, "a", 0)).toBe(3);
    expect(nextAttempt(after(counting, { part: "DOCUMENT", revision: 20 }), "a", 1)).toBe(3);
    const replaced = asking("c", 1, 30, asking("b", 1, 20, counting));
    expect(nextAttempt(replaced, "a", 0)).toBe(3);
    expect(nextAttempt(replaced, "never", 0)).toBe(1);
  });

  test("is above those however many contents there were since", () => {
    let current = asking("a", 3, 1);
    for (let revision = 2; revision < 200; revision += 1)
      current = asking(`${revision}`, 1, revision, current);
    expect(current.former.has("a")).toBe(false);
    expect(current.forgotten).toBe(3);
    expect(nextAttempt(current, "a", 0)).toBe(4);
  });
});

describe("when a run stopped to count (F6)", () => {
  test("is when it was superseded, or its receipt was removed; a current run has none", () => {
    const replaced = content("c", 30, content("b", 20, content("a", 10)));
    expect(["a", "b", "c"].map((run) => stoppedAt(replaced, run))).toEqual([20, 30, undefined]);
    const removed = after(replaced, { part: "DOCUMENT", revision: 40 }) as CurrentRun;
    expect(["a", "b", "c"].map((run) => stoppedAt(removed, run))).toEqual([20, 30, 40]);
    const broughtBack = content("a", 50, removed);
    expect(["a", "b", "c"].map((run) => stoppedAt(broughtBack, run))).toEqual([undefined, 30, 40]);
  });

  test("of a run that is not known is before all that are", () => {
    expect(stoppedAt(content("c", 30, content("b", 20, content("a", 10))), "never")).toBe(20);
    expect(stoppedAt(content("a", 10), "never")).toBe(10);
  });

  test("stays when later messages confirm the current run", () => {
    const confirmed = content("b", 99, content("b", 20, content("a", 10)));
    expect(stoppedAt(confirmed, "a")).toBe(20);
  });

  test("is never earlier than it was, for any number of runs, and the item stays small", () => {
    const histories = fc.array(fc.integer({ min: 0, max: 400 }).map(String), {
      minLength: 1,
      maxLength: 500,
      size: "max",
    });
    fc.assert(
      fc.property(histories, (history) => {
        let current: CurrentRun | undefined;
        const stopped = new Map<string, number>();
        for (const [index, runId] of history.entries()) {
          const revision = 10 * (index + 1);
          if (current?.runId !== undefined && current.runId !== runId) stopped.set(current.runId, revision);
          stopped.delete(runId);
          current = content(runId, revision, current);
        }
        if (current === undefined) throw new Error("There is a history.");
        for (const [runId, revision] of stopped) {
          const known = current.former.has(runId);
          const told = stoppedAt(current, runId) ?? 0;
          expect(known ? told === revision : told >= revision).toBe(true);
        }
        expect(current.former.size).toBe(Math.min(100, stopped.size));
      }),
      { numRuns: 50 },
    );
  });

  test("deltas that are being removed are held to be so for an hour: who removes them is dead by then", () => {
    const current = { ...content("b", 20), expiring: new Map([["a", 1_000]]) };
    expect(isExpiring(current, "a", 3_600_999)).toBe(true);
    expect(isExpiring(current, "a", 3_601_000)).toBe(false);
    expect(isExpiring(current, "b", 1_000)).toBe(false);
    expect(content("c", 30, current).expiring).toEqual(current.expiring);
  });
});
