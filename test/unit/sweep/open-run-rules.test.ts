import fc from "fast-check";
import type { CompactionRun, RunHalf } from "../../../core/runs/compaction-run.ts";
import { type CurrentRun, madeCurrent } from "../../../core/runs/current-run.ts";
import type { OpenRun } from "../../../core/runs/open-run.ts";
import { isDue, openRunStateOf, stepOf } from "../../../core/sweep/open-run-rules.ts";

const minute = 60_000;
const config = {
  openMs: 180 * minute,
  redrives: 3,
  maxFailures: 5,
  retentionMs: 0,
  claimMs: 4 * minute,
};
const opened = Date.parse("2026-11-25T10:00:00.000Z");
const at = (ms: number) => new Date(opened + ms).toISOString();

const entry: OpenRun = {
  imageId: "image",
  receiptId: 1,
  runId: "run",
  createdAt: at(0),
  attempt: 1,
  openedAt: at(0),
  redrives: 0,
  sweptAt: undefined,
  sent: 0,
  givenUpAt: undefined,
};

const half = (state: RunHalf["state"], failures = 0): RunHalf => ({
  state,
  failures,
  deltaPrefix: "d",
  token: 0,
});
const run = (lines: RunHalf, words: RunHalf, attempts = 1): CompactionRun => ({
  imageId: "image",
  receiptId: 1,
  runId: "run",
  attempts,
  rejectedRows: 0,
  createdAt: at(0),
  updatedAt: at(0),
  halves: { lines, words },
});
const counting = (runId: string, attempt = 1, state: CurrentRun["state"] = "ACTIVE"): CurrentRun => ({
  ...madeCurrent(undefined, { runId, attempt }, 1),
  state,
  version: 1,
});

const pending = run(half("PENDING"), half("PENDING"));
const completed = run(half("COMPLETED"), half("COMPLETED"));

describe("what an entry stands for", () => {
  const state = (of: Partial<OpenRun>, found?: CompactionRun, current?: CurrentRun) =>
    openRunStateOf({ ...entry, ...of }, found, current, config);

  test("is an open run while a half is not completed, whichever run counts by now", () => {
    for (const current of [counting("run"), counting("other"), counting("run", 1, "DELETED"), undefined]) {
      expect(state({}, pending, current)).toEqual({ kind: "open", attempt: 1 });
    }
    expect(state({}, run(half("COMPLETED"), half("PROCESSING")), counting("run"))).toMatchObject({
      kind: "open",
    });
  });

  test("is done with once both halves are completed, or where another process opened the run", () => {
    expect(state({}, completed, counting("run"))).toEqual({ kind: "done" });
    expect(state({ createdAt: at(5) }, pending, counting("run"))).toEqual({ kind: "done" });
  });

  test("is a run that has not been opened yet, as long as it is not known that it never will be", () => {
    expect(state({}, undefined, counting("run"))).toEqual({ kind: "unopened" });
    expect(state({}, undefined, undefined)).toEqual({ kind: "unopened" });
    expect(state({}, undefined, counting("other"))).toEqual({ kind: "done" });
    expect(state({}, undefined, counting("run", 1, "DELETED"))).toEqual({ kind: "done" });
  });

  test("is a next attempt that a crash left unopened: CURRENT says which", () => {
    expect(state({ attempt: 2 }, completed, counting("run", 2))).toEqual({ kind: "open", attempt: 2 });
    expect(state({ attempt: 2 }, completed, undefined)).toEqual({ kind: "unopened" });
    expect(state({ attempt: 2 }, completed, counting("other"))).toEqual({ kind: "done" });
  });

  test("is the run's present attempt where the entry is of an older one", () => {
    const later = run(half("PENDING"), half("PENDING"), 3);
    expect(state({ attempt: 2 }, later, counting("run", 3))).toEqual({ kind: "open", attempt: 3 });
  });

  test("has failed for good when all that is open has failed too often", () => {
    expect(state({}, run(half("FAILED", 5), half("COMPLETED")), counting("run"))).toEqual({
      kind: "failed",
    });
    expect(state({}, run(half("FAILED", 5), half("PENDING")), counting("run"))).toMatchObject({
      kind: "open",
    });
    expect(state({}, run(half("FAILED", 4), half("COMPLETED")), counting("run"))).toMatchObject({
      kind: "open",
    });
  });
});

describe("when something is to be done (F5)", () => {
  const due = (of: Partial<OpenRun>, ms: number) => isDue({ ...entry, ...of }, opened + ms, config);

  test("an open run is left alone for its time, and again after each sending", () => {
    expect(due({}, 180 * minute - 1)).toBe(false);
    expect(due({}, 180 * minute)).toBe(true);
    const swept = { redrives: 1, sent: 1, sweptAt: at(200 * minute) };
    expect(due(swept, 300 * minute)).toBe(false);
    expect(due(swept, 380 * minute)).toBe(true);
  });

  test("a send that was counted and not confirmed is done by the next sweep after the claim", () => {
    const claimed = { redrives: 1, sent: 0, sweptAt: at(200 * minute) };
    expect(due(claimed, 203 * minute)).toBe(false);
    expect(due(claimed, 204 * minute)).toBe(true);
    const step = stepOf(
      { ...entry, ...claimed },
      { kind: "open", attempt: 1 },
      opened + 204 * minute,
      config,
    );
    expect(step).toEqual({ kind: "drive", time: 1 });
  });

  test("what was given up is not driven, and goes once it is done", () => {
    const given = { ...entry, givenUpAt: at(1) };
    expect(stepOf(given, { kind: "open", attempt: 1 }, opened, config)).toEqual({ kind: "wait" });
    expect(stepOf(given, { kind: "done" }, opened, config)).toEqual({ kind: "remove" });
  });

  test("a run that is not opened is given up after as long as one that is redriven in vain", () => {
    const step = (ms: number) => stepOf(entry, { kind: "unopened" }, opened + ms, config).kind;
    expect(step(4 * 180 * minute - 1)).toBe("wait");
    expect(step(4 * 180 * minute)).toBe("give up");
  });

  test("whenever sweeps run and wherever they crash, a run that stays open is redriven the configured times, then given up", () => {
    const sweeps = fc.array(
      fc.record({
        afterMinutes: fc.integer({ min: 1, max: 400 }),
        crash: fc.constantFrom("no", "before sending", "after sending"),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(sweeps, (schedule) => {
        let now = opened;
        let known = entry;
        const sent: number[] = [];
        const sweep = (crash: string) => {
          if (!isDue(known, now, config)) return;
          const step = stepOf(known, openRunStateOf(known, pending, counting("run"), config), now, config);
          if (step.kind === "give up") known = { ...known, givenUpAt: new Date(now).toISOString() };
          if (step.kind !== "drive") return;
          known = { ...known, redrives: step.time, sweptAt: new Date(now).toISOString() };
          if (crash === "before sending") return;
          sent.push(step.time);
          if (crash === "no") known = { ...known, sent: step.time };
        };
        for (const { afterMinutes, crash } of schedule) {
          now += afterMinutes * minute;
          sweep(crash);
        }
        const isSettled = () => known.givenUpAt !== undefined;
        for (let sweeps = 0; !isSettled() && sweeps < 20; sweeps += 1) {
          now += config.openMs;
          sweep("no");
        }
        expect(isSettled()).toBe(true);
        expect([...new Set(sent)]).toEqual([1, 2, 3]);
      }),
    );
  });
});
