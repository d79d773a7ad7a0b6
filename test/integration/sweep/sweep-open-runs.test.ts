import { PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { recordRemovals } from "../../../core/runs/record-removals.ts";
import { redriveDocument } from "../../../core/runs/redrive-document.ts";
import { currentKey, runKey } from "../../../core/runs/run-item.ts";
import type { RunQueues } from "../../../core/runs/run-queues.ts";
import type { RunRef } from "../../../core/runs/run-store.ts";
import { SweepIncompleteError } from "../../../core/sweep/sweep-errors.ts";
import { sweepOpenRuns } from "../../../core/sweep/sweep-open-runs.ts";
import { Tables } from "../../unit/runs/tables.ts";
import { SweepRig } from "./sweep-rig.ts";

let tables: Tables;
let rig: SweepRig;

beforeEach(async () => {
  tables = await Tables.start();
  rig = new SweepRig(tables);
});
afterEach(() => tables.stop());

describe("a run that stays open", () => {
  test("is left alone until its time, then its messages are sent again, as others", async () => {
    await rig.opened();
    rig.pass(179);
    await rig.sweep();
    expect(rig.sent).toEqual({ lines: [], words: [] });
    rig.pass(1);
    await rig.sweep();
    await rig.sweep();
    expect(rig.sent).toEqual({ lines: ["run-1-2"], words: ["run-1-2"] });
    rig.pass(180);
    await rig.sweep();
    expect(rig.sent.lines).toEqual(["run-1-2", "run-1-3"]);
  });

  test("keeps its attempt and what is completed of it", async () => {
    const run = await rig.opened();
    await rig.complete(run, "lines");
    rig.pass(180);
    await rig.sweep();
    expect(rig.sent).toEqual({ lines: [], words: ["run-1-2"] });
    expect(await rig.states(run)).toEqual(["COMPLETED", "PENDING"]);
  });

  test("is counted once and sent once by many sweepers at once", async () => {
    const run = await rig.opened();
    rig.pass(180);
    await Promise.all(Array.from({ length: 5 }, () => rig.sweep()));
    expect(rig.sent).toEqual({ lines: ["run-1-2"], words: ["run-1-2"] });
    expect(await rig.entriesOf(run)).toMatchObject([{ redrives: 1, sent: 1 }]);
  });

  test("is given up after the configured redrives: FAILED with the reason, counted, and swept no more (F5)", async () => {
    const run = await rig.opened();
    for (let sweeps = 0; sweeps < 3; sweeps += 1) {
      rig.pass(180);
      await rig.sweep();
    }
    expect(await rig.states(run)).toEqual(["FAILED", "FAILED"]);
    const reason =
      "The run was not completed within 540 minutes, although its messages were sent again 2 times.";
    expect((await rig.runs.find(run))?.halves.words.error).toBe(reason);
    expect(rig.logged).toContainEqual({ message: "An open run was given up", reason });
    const told = { RunsOpen: 0, RunsGivenUp: 1, OldestOpenRunAge: 0, RunsRedriven: 0 };
    expect(rig.metrics).toEqual(told);

    rig.pass(10_000);
    await rig.sweep();
    expect(rig.sent.lines).toHaveLength(2);
    expect(rig.metrics).toEqual(told);
    expect(await rig.entriesOf(run)).toMatchObject([{ givenUpAt: expect.any(String) }]);
    expect(await rig.openRuns.count(100)).toBe(0);
  });

  test("that failed too often with a permanent error is given up at once, and keeps its reason", async () => {
    const run = await rig.opened();
    await rig.complete(run, "lines");
    for (const token of [3, 4]) {
      await rig.runs.start(run, "words", token);
      await rig.runs.fail(run, "words", token, "the delta is unreadable");
    }
    rig.pass(180);
    await rig.sweep();
    expect(rig.sent).toEqual({ lines: [], words: [] });
    expect(rig.metrics.RunsGivenUp).toBe(1);
    expect((await rig.runs.find(run))?.halves.words.error).toBe("the delta is unreadable");
  });

  test("that was given up is open again when it is given a next attempt, and gone when that is completed", async () => {
    const run = await rig.opened();
    for (let sweeps = 0; sweeps < 3; sweeps += 1) {
      rig.pass(180);
      await rig.sweep();
    }
    await rig.runs.reopen(run, 2);
    await rig.sweep();
    expect(rig.metrics).toMatchObject({ RunsOpen: 1, RunsGivenUp: 0 });
    await rig.complete(run);
    expect(await rig.entriesOf(run)).toEqual([]);
  });
});

describe("giving up while a cycle processes it", () => {
  async function nearlyExhausted() {
    const run = await rig.opened();
    await rig.complete(run, "lines");
    for (let sweeps = 0; sweeps < 2; sweeps += 1) {
      rig.pass(180);
      await rig.sweep();
    }
    rig.pass(180);
    return run;
  }

  test("the cycle that publishes the run completes it all the same, and nothing stays listed", async () => {
    const run = await nearlyExhausted();
    await rig.runs.start(run, "words", 12);
    await rig.sweep();
    expect(await rig.states(run)).toEqual(["COMPLETED", "FAILED"]);
    expect(await rig.runs.complete(run, "words", 12, 5)).toBe("moved");
    expect(await rig.states(run)).toEqual(["COMPLETED", "COMPLETED"]);
    expect(await rig.entriesOf(run)).toEqual([]);
  });

  test.each([
    ["starts it", (run: Parameters<SweepRig["states"]>[0]) => rig.runs.start(run, "words", 12)],
    ["completes it", (run: Parameters<SweepRig["states"]>[0]) => rig.complete(run, "words")],
    ["re-opens it", (run: Parameters<SweepRig["states"]>[0]) => rig.runs.reopen(run, 2)],
  ])("a process that %s between the read and the write wins", async (_, move) => {
    const run = await nearlyExhausted();
    const giveUp = rig.runs.giveUp.bind(rig.runs);
    jest.spyOn(rig.runs, "giveUp").mockImplementationOnce(async (seen, reason) => {
      await move(run);
      return giveUp(seen, reason);
    });
    await rig.sweep();
    expect(await rig.states(run)).not.toContain("FAILED");
    expect(rig.metrics.RunsGivenUp).toBe(0);
  });
});

describe("a sweep that dies", () => {
  test("between counting and sending is finished by the next one, which counts nothing", async () => {
    const run = await rig.opened();
    rig.pass(180);
    const queues = { redrive: () => Promise.reject(new Error("killed")) };
    await expect(rig.sweep({ queues })).rejects.toThrow(SweepIncompleteError);
    rig.pass(1);
    await rig.sweep();
    expect(rig.sent.lines).toEqual([]);
    rig.pass(4);
    await rig.sweep();
    expect(rig.sent.lines).toEqual(["run-1-2"]);
    expect(await rig.entriesOf(run)).toMatchObject([{ redrives: 1, sent: 1 }]);
  });

  test("after sending leaves the same message to be sent once more, which the queue knows", async () => {
    await rig.opened();
    rig.pass(180);
    jest.spyOn(rig.openRuns, "markSent").mockRejectedValueOnce(new Error("killed"));
    await expect(rig.sweep()).rejects.toThrow("killed");
    rig.pass(5);
    await rig.sweep();
    expect(rig.sent.lines).toEqual(["run-1-2", "run-1-2"]);
  });

  test("between failing a run and noting that it did, is finished by the next one", async () => {
    const run = await rig.opened();
    for (let sweeps = 0; sweeps < 2; sweeps += 1) {
      rig.pass(180);
      await rig.sweep();
    }
    rig.pass(180);
    jest.spyOn(rig.openRuns, "giveUp").mockRejectedValueOnce(new Error("killed"));
    await expect(rig.sweep()).rejects.toThrow("killed");
    expect(await rig.states(run)).toEqual(["FAILED", "FAILED"]);
    await rig.sweep();
    expect(rig.metrics.RunsGivenUp).toBe(1);
  });
});

describe("an entry", () => {
  test("of a completed run goes: a crash came between the two", async () => {
    const run = await rig.opened();
    const { createdAt = "" } = (await rig.runs.find(run)) ?? {};
    await rig.complete(run);
    await rig.openRuns.list(run, createdAt, 1);
    rig.pass(180);
    await rig.sweep();
    expect(await rig.entriesOf(run)).toEqual([]);
  });

  test("that another process left beside the one of the run goes, and the run stays listed", async () => {
    const run = await rig.opened();
    await rig.openRuns.list(run, "2026-01-01T00:00:00.000Z", 1);
    rig.pass(180);
    await rig.sweep();
    const { createdAt } = (await rig.runs.find(run)) ?? {};
    expect(await rig.entriesOf(run)).toMatchObject([{ createdAt }]);
  });

  test("of a superseded run that was never opened is deleted; while it may still be opened, it is reported", async () => {
    const [superseded, crashed, unknown] = [rig.newRun("a"), rig.newRun("b"), rig.newRun("c")];
    await rig.makeCurrent({ ...superseded, runId: "newer" }, 1);
    await rig.makeCurrent(crashed, 1);
    for (const run of [superseded, crashed, unknown]) {
      await rig.openRuns.list(run, new Date().toISOString(), 1);
    }
    rig.pass(180);
    await rig.sweep();
    expect(await rig.entriesOf(superseded)).toEqual([]);
    expect(rig.metrics).toMatchObject({ RunsOpen: 2, RunsGivenUp: 0 });
    rig.pass(360);
    await rig.sweep();
    expect(rig.metrics).toMatchObject({ RunsOpen: 0, RunsGivenUp: 2 });
    expect(rig.logged).toContainEqual({
      message: "An open run was given up",
      reason: "No embed message opened the run within 540 minutes.",
    });

    await rig.runs.open(crashed);
    await rig.sweep();
    expect(rig.metrics).toMatchObject({ RunsOpen: 1, RunsGivenUp: 1 });
  });

  test("of an attempt that a crash left unopened leads to it", async () => {
    const run = await rig.opened();
    await rig.complete(run);
    const reopen = jest.spyOn(rig.runs, "reopen").mockImplementationOnce(async (ref, attempt) => {
      await rig.openRuns.list(ref, (await rig.runs.find(ref))?.createdAt ?? "", attempt);
      throw new Error("killed");
    });
    const queues = rig.parts.queues as RunQueues;
    await expect(redriveDocument({ runs: rig.runs, queues }, run, "now")).rejects.toThrow("killed");
    reopen.mockRestore();
    rig.pass(180);
    await rig.sweep();
    expect(await rig.runs.find(run)).toMatchObject({ attempts: 2, halves: { words: { state: "PENDING" } } });
    expect(rig.sent).toEqual({ lines: ["run-2-2"], words: ["run-2-2"] });
    await rig.complete(run);
    expect(await rig.entriesOf(run)).toEqual([]);
  });

  test("of a run whose receipt was removed is driven like any other: compaction closes it", async () => {
    const run = await rig.opened();
    await recordRemovals(rig.runs, run, [{ part: "DOCUMENT", revision: 50 }]);
    rig.pass(180);
    await rig.sweep();
    expect(rig.sent.lines).toEqual(["run-1-2"]);
  });
});

test("a run that cannot be swept stops no other, and the sweep fails in the end", async () => {
  const [bad, good] = [await rig.opened("bad"), await rig.opened("good")];
  const find = rig.runs.find.bind(rig.runs);
  jest.spyOn(rig.runs, "find").mockImplementation(async (run) => {
    if (run.imageId === bad.imageId) throw new Error("throttled");
    return find(run);
  });
  rig.pass(180);
  await expect(rig.sweep()).rejects.toThrow(/1 failed; the first: Error: throttled/);
  expect(await rig.entriesOf(good)).toMatchObject([{ sent: 1 }]);
  expect(rig.metrics).toMatchObject({ RunsOpen: 2, RunsRedriven: 1 });
});

test("after its time a sweep counts and acts no more", async () => {
  await rig.opened();
  rig.pass(240);
  await sweepOpenRuns(rig.parts, rig.now());
  expect(rig.sent.lines).toEqual([]);
  expect(rig.metrics).toMatchObject({ RunsOpen: 1, OldestOpenRunAge: expect.closeTo(240 * 60, -1) });
});

describe("F26: what cannot be read", () => {
  const edit = (table: string, key: object, expression: string, value: unknown) =>
    tables.client.send(
      new UpdateCommand({
        TableName: table,
        Key: { ...key },
        UpdateExpression: expression,
        ExpressionAttributeValues: { ":x": value },
      }),
    );

  test("of the list of open runs is counted as given up with its reason, and the others are swept", async () => {
    await rig.opened();
    await tables.client.send(
      new PutCommand({ TableName: tables.controlTable, Item: { PK: "OPEN#0", SK: "a note of somebody" } }),
    );
    rig.pass(180);
    await rig.sweep();
    expect(rig.sent.lines).toEqual(["run-1-2"]);
    expect(rig.metrics).toMatchObject({ RunsOpen: 1, RunsGivenUp: 1, RunsRedriven: 1 });
    expect(rig.logged.map(({ reason }) => reason)).toContainEqual(
      expect.stringContaining("OPEN#0 / a note of somebody cannot be read"),
    );
  });

  test.each([
    ["a run", (run: RunRef) => edit(tables.receiptsTable, runKey(run), "SET attempts = :x", "two")],
    [
      "a CURRENT item",
      (run: RunRef) => edit(tables.controlTable, currentKey(run), "SET revision = :x", "new"),
    ],
  ])("of %s gives up its own entry with the reason, once, and sweeps continue", async (_, spoil) => {
    const run = await rig.opened("bad");
    await rig.opened("good");
    await spoil(run);
    rig.pass(180);
    await rig.sweep();
    await rig.sweep();
    expect(rig.sent.lines).toEqual(["good-1-2"]);
    expect(rig.metrics).toMatchObject({ RunsOpen: 1, RunsGivenUp: 1 });
    const reasons = rig.logged.filter(({ message }) => message === "An open run was given up");
    expect(reasons).toEqual([
      { message: expect.anything(), reason: expect.stringContaining("cannot be read") },
    ]);
  });
});
