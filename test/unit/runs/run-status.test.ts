import type { CompactionRun, RunState } from "../../../core/runs/compaction-run.ts";
import { type CurrentRun, noCurrent } from "../../../core/runs/current-run.ts";
import { runStatus } from "../../../core/runs/run-status.ts";

const document = { imageId: "i", receiptId: 1 };
const counting: CurrentRun = { ...noCurrent, runId: "run", revision: 10, attempt: 2, version: 1 };

function run(lines: RunState, words: RunState, changes: Partial<CompactionRun> = {}): CompactionRun {
  const half = (state: RunState) => ({ state, deltaPrefix: "p", token: 1, failures: 1, error: "why" });
  return {
    ...document,
    runId: "run",
    attempts: 2,
    rejectedRows: 0,
    createdAt: "",
    updatedAt: "",
    halves: { lines: half(lines), words: half(words) },
    ...changes,
  };
}

/** Of a document with this CURRENT item, where the store has this run alone. */
function statusOf(current: CurrentRun | undefined, stored?: CompactionRun) {
  return runStatus(
    {
      current: async () => current,
      find: async ({ runId }) => (runId === stored?.runId ? stored : undefined),
    },
    document,
  );
}

test("of a document of which nothing is known there is none", async () => {
  expect(await statusOf(undefined)).toBeUndefined();
});

test("one with removals alone is pending, without a run", async () => {
  expect(await statusOf({ ...counting, runId: undefined })).toStrictEqual({ revision: 10, state: "PENDING" });
});

test("one that was removed says so, whatever its last run has come to", async () => {
  const removed = { ...counting, state: "DELETED" } as const;
  expect(await statusOf(removed, run("COMPLETED", "COMPLETED"))).toStrictEqual({
    runId: "run",
    revision: 10,
    state: "DELETED",
  });
});

test.each([
  ["is not open yet", undefined],
  ["is of the attempt before", run("COMPLETED", "COMPLETED", { attempts: 1 })],
])("a run that %s is pending, and its halves say nothing", async (_, stored) => {
  expect(await statusOf(counting, stored)).toStrictEqual({ runId: "run", revision: 10, state: "PENDING" });
});

test.each<[RunState, RunState, RunState]>([
  ["PENDING", "PENDING", "PENDING"],
  ["PENDING", "COMPLETED", "PROCESSING"],
  ["PROCESSING", "COMPLETED", "PROCESSING"],
  ["COMPLETED", "COMPLETED", "COMPLETED"],
  ["FAILED", "COMPLETED", "FAILED"],
  ["PROCESSING", "FAILED", "FAILED"],
])("a run of %s and %s is %s", async (lines, words, state) => {
  expect(await statusOf(counting, run(lines, words))).toMatchObject({ runId: "run", state });
});

test("only a half that failed has its reason: that of another one is of an attempt before", async () => {
  const status = await statusOf(counting, run("FAILED", "COMPLETED"));
  expect(status?.halves).toStrictEqual({
    lines: { state: "FAILED", error: "why" },
    words: { state: "COMPLETED" },
  });
});
