import { type AwaitDeps, awaitRuns, type SentMessage } from "../../../core/ingest/await-runs.ts";
import { receiptKey } from "../../../core/receipts/receipt.ts";
import { type RunStatus, runStatus } from "../../../core/runs/run-status.ts";
import type { RunStore } from "../../../core/runs/run-store.ts";
import { ManualClock } from "../resilience/clocks.ts";

const sentAt = 1_000;
const sent = (...ids: string[]): SentMessage[] =>
  ids.map((image_id) => ({ image_id, receipt_id: 1, exported_at: sentAt }));
const keyOf = (imageId: string) => receiptKey({ imageId, receiptId: 1 });
const is = (state: RunStatus["state"], revision = sentAt): RunStatus => ({ state, revision });

/** Each receipt has these statuses, one per poll; the last one stays. */
function stage(
  statuses: Readonly<Record<string, readonly (RunStatus | undefined)[]>>,
  more: Partial<AwaitDeps> = {},
) {
  const polls = new Map<string, number>();
  const reports: [number, number][] = [];
  const deps: AwaitDeps = {
    statusOf: async ({ imageId }) => {
      const poll = polls.get(imageId) ?? 0;
      polls.set(imageId, poll + 1);
      return statuses[imageId]?.at(Math.min(poll, (statuses[imageId]?.length ?? 1) - 1));
    },
    undelivered: async () => new Map(),
    report: ({ completed, failed }) => reports.push([completed, failed.size]),
    clock: new ManualClock(),
    signal: new AbortController().signal,
    ...more,
  };
  return { deps, reports, polls };
}

test("ends when each receipt is published, and reports each time that some are", async () => {
  const { deps, reports } = stage({
    a: [undefined, is("PENDING"), is("COMPLETED")],
    b: [is("COMPLETED")],
  });
  expect(await awaitRuns(sent("a", "b"), deps)).toMatchObject({ total: 2, completed: 2 });
  expect(reports).toEqual([
    [1, 0],
    [2, 0],
  ]);
});

test("as many receipts as a large export has are waited for", async () => {
  const { deps } = stage({ a: [is("COMPLETED")] });
  const [one] = sent("a") as [SentMessage];
  const { completed } = await awaitRuns(new Array(200_000).fill(one), deps);
  expect(completed).toBe(200_000);
});

test("what an earlier export has published is not taken for this one", async () => {
  const { deps, polls } = stage({
    a: [is("COMPLETED", sentAt - 1), is("PROCESSING"), is("COMPLETED", sentAt + 5)],
  });
  expect(await awaitRuns(sent("a"), deps)).toMatchObject({ completed: 1 });
  expect(polls.get("a")).toBe(3);
});

test("a run that failed, a receipt that was removed and a message that could not be embedded are failures with their reasons", async () => {
  const completed = { state: "COMPLETED" } as const;
  const failed: RunStatus = {
    ...is("FAILED"),
    halves: { lines: { state: "FAILED", error: "it is bad" }, words: completed },
  };
  const undelivered = jest.fn(async () => new Map([[keyOf("c"), "no such object"]]));
  const { deps } = stage({ a: [failed], b: [is("DELETED")], c: [undefined] }, { undelivered });
  const done = await awaitRuns(sent("a", "b", "c"), deps);
  expect(Object.fromEntries(done.failed)).toEqual({
    [keyOf("a")]: "lines: it is bad",
    [keyOf("b")]: "it was removed meanwhile",
    [keyOf("c")]: "no such object",
  });
  expect(undelivered.mock.calls).toEqual([[sentAt]]);
});

test("a signal ends the wait with what is known", async () => {
  const stopped = new AbortController();
  const { deps } = stage(
    { a: [is("COMPLETED")], b: [undefined] },
    { signal: stopped.signal, report: () => stopped.abort() },
  );
  expect(await awaitRuns(sent("a", "b"), deps)).toMatchObject({ total: 2, completed: 1, failed: new Map() });
});

describe("the status of a run", () => {
  const receipt = { imageId: "i", receiptId: 1 };
  const statusOf = (current: object | undefined, run?: object) => {
    const store = { current: async () => current, find: async () => run };
    return runStatus(store as unknown as RunStore, receipt);
  };
  const active = { runId: "r", revision: 7, state: "ACTIVE", attempt: 2 };
  const run = (lines: string, words: string, attempts = 2) => ({
    attempts,
    halves: { lines: { state: lines }, words: { state: words, error: "why" } },
  });

  test.each([
    ["COMPLETED", "COMPLETED", "COMPLETED"],
    ["COMPLETED", "PENDING", "PROCESSING"],
    ["PENDING", "PENDING", "PENDING"],
    ["PENDING", "FAILED", "FAILED"],
  ])("of %s and %s is %s", async (lines, words, state) => {
    expect(await statusOf(active, run(lines, words))).toMatchObject({ state, runId: "r", revision: 7 });
  });

  test("is PENDING until the attempt that is required is open, whatever the former one came to", async () => {
    expect(await statusOf(active, run("FAILED", "COMPLETED", 1))).toEqual({
      state: "PENDING",
      runId: "r",
      revision: 7,
    });
    expect(await statusOf(active)).toMatchObject({ state: "PENDING" });
  });

  test("is DELETED after a removal, and unknown where there never was one", async () => {
    expect(await statusOf({ ...active, state: "DELETED" })).toMatchObject({ state: "DELETED" });
    expect(await statusOf(undefined)).toBeUndefined();
  });

  test("has the reason of the half that failed", async () => {
    expect(await statusOf(active, run("COMPLETED", "FAILED"))).toMatchObject({
      halves: { words: { error: "why" } },
    });
  });
});
