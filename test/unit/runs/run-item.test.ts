import fc from "fast-check";
import { type CurrentRun, noCurrent } from "../../../core/runs/current-run.ts";
import {
  currentAttributes,
  freshHalf,
  openKey,
  openPartition,
  openShards,
  readCurrent,
  readRun,
  runKey,
} from "../../../core/runs/run-item.ts";
import { ItemUnreadableError } from "../../../core/unreadable-item.ts";

const ref = { imageId: "b7b2f2d4-3c39-4c57-9b7e-0d4f6a1c2e3d", receiptId: 3, runId: "run" };
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function runItem(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...runKey(ref),
    image_id: ref.imageId,
    receipt_id: ref.receiptId,
    run_id: ref.runId,
    attempts: 2,
    rejected_rows: 1,
    created_at: "2026-11-25T10:00:00.000Z",
    updated_at: "2026-11-25T10:00:01.000Z",
    ...freshHalf("lines", "l"),
    ...freshHalf("words", "w"),
    ...changes,
  };
}

describe("the item of a run", () => {
  test("is read as it was written, with what only some have", () => {
    const lines = { lines_state: "FAILED", lines_shard: "lines-1of2", lines_error: "why", lines_token: 4 };
    const words = { words_state: "COMPLETED", words_shard: "words", words_merged_vectors: 5 };
    expect(readRun(runItem({ ...lines, ...words, traceparent }))).toStrictEqual({
      ...ref,
      attempts: 2,
      rejectedRows: 1,
      createdAt: "2026-11-25T10:00:00.000Z",
      updatedAt: "2026-11-25T10:00:01.000Z",
      traceparent,
      halves: {
        lines: {
          state: "FAILED",
          deltaPrefix: "l",
          token: 4,
          failures: 0,
          shard: "lines-1of2",
          error: "why",
        },
        words: {
          state: "COMPLETED",
          deltaPrefix: "w",
          token: 0,
          failures: 0,
          shard: "words",
          mergedVectors: 5,
        },
      },
    });
  });

  test("has no field that is undefined", () => {
    const run = readRun(runItem());
    expect("traceparent" in run).toBe(false);
    expect(run.halves.lines).toStrictEqual({ state: "PENDING", deltaPrefix: "l", token: 0, failures: 0 });
  });

  test.each([
    ["another receipt", { receipt_id: 4 }],
    ["another image", { image_id: "c7b2f2d4-3c39-4c57-9b7e-0d4f6a1c2e3d" }],
    ["another run", { run_id: "other" }],
  ])("F26: that names %s than its key is unreadable", (_, changes) => {
    expect(() => readRun(runItem(changes))).toThrow(ItemUnreadableError);
  });
});

test("every run is in one of the lists that the sweeper reads, and its entry names it", () => {
  const partitions = Array.from({ length: openShards }, (_, shard) => openPartition(shard));
  const used = new Set<string>();
  fc.assert(
    fc.property(fc.uuid(), (runId) => {
      const { PK, SK } = openKey(runId, "2026-11-25T10:00:00.000Z");
      expect(partitions).toContain(PK);
      expect(SK).toBe(`2026-11-25T10:00:00.000Z#${runId}`);
      used.add(PK);
    }),
    { numRuns: 300, seed: 1 },
  );
  expect(used.size).toBe(openShards);
});

describe("the CURRENT item", () => {
  test("is read as it was written", () => {
    const current: CurrentRun = {
      runId: "run",
      revision: 20,
      state: "DELETED",
      attempt: 3,
      removed: new Map([["LINE#00001", 12]]),
      former: new Map([["old", { stoppedAt: 20, attempt: 2 }]]),
      forgotten: 1,
      expiring: new Map([["older", 5]]),
      version: 7,
    };
    expect(readCurrent(currentAttributes(current, 7))).toStrictEqual(current);
  });

  test("before the first run has no run id, as DynamoDB takes no undefined", () => {
    expect("run_id" in currentAttributes(noCurrent, 1)).toBe(false);
    expect(readCurrent(currentAttributes(noCurrent, 1))).toEqual({ ...noCurrent, version: 1 });
  });
});
