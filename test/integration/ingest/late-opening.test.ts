import { collections } from "../../../contract/collections.ts";
import { type DurableDeltas, recordRun } from "../../../core/ingest/record-run.ts";
import { DynamoRunStore } from "../../../core/runs/dynamo-run-store.ts";
import type { NewRun, RunStore } from "../../../core/runs/run-store.ts";
import { Stage } from "../../unit/ingest/stage.ts";
import { image } from "../../unit/receipts/rows-of.ts";
import { Tables } from "../../unit/runs/tables.ts";

let tables: Tables;
beforeAll(async () => {
  tables = await Tables.start();
});
afterAll(() => tables.stop());

/** The deltas of both runs are there, whenever that is looked at. */
const stored: DurableDeltas = { version: -1, areThere: async () => true };

function runOf(runId: string): NewRun {
  const deltaPrefixes = { lines: `deltas/lines/${runId}`, words: `deltas/words/${runId}` };
  return { imageId: image, receiptId: 1, runId, rejectedRows: 0, deltaPrefixes };
}

class Killed extends Error {}

/** The store, where something else happens before or after CURRENT moves to a run. */
function disturbed(
  store: RunStore,
  runId: string,
  { before, after }: { before?: () => Promise<void>; after?: () => void },
): RunStore {
  return Object.assign(Object.create(store) as RunStore, {
    current: store.current.bind(store),
    find: store.find.bind(store),
    open: store.open.bind(store),
    reopen: store.reopen.bind(store),
    moveCurrent: async (...move: Parameters<RunStore["moveCurrent"]>) => {
      if (move[2].runId !== runId) return store.moveCurrent(...move);
      await before?.();
      const moved = await store.moveCurrent(...move);
      after?.();
      return moved;
    },
  });
}

test("F5: content that becomes current again while its first, slow message opens its run gets another attempt, wherever it crashes", async () => {
  const { queues } = new Stage(tables).services;
  const store = new DynamoRunStore(tables);
  const dies = () => {
    throw new Killed();
  };
  const slow = disturbed(store, "a", { after: dies });
  await expect(recordRun({ runs: slow, queues }, runOf("a"), 1, stored)).rejects.toThrow(Killed);
  await recordRun({ runs: store, queues }, runOf("b"), 2, stored);
  /** The slow message opens the run just before it counts again, and compaction closes it, as it does not count yet. */
  const openedMeanwhile = async () => {
    await store.open(runOf("a"));
    for (const collection of collections) {
      await store.start(runOf("a"), collection, 1);
      await store.complete(runOf("a"), collection, 1, 0);
    }
  };
  const again = disturbed(store, "a", { before: openedMeanwhile, after: dies });
  await expect(recordRun({ runs: again, queues }, runOf("a"), 3, stored)).rejects.toThrow(Killed);

  expect(await recordRun({ runs: store, queues }, runOf("a"), 3, stored)).toBe("reopened");
  expect(await store.find(runOf("a"))).toMatchObject({
    attempts: 2,
    halves: { lines: { state: "PENDING" }, words: { state: "PENDING" } },
  });
  expect(await store.current(runOf("a"))).toMatchObject({ runId: "a", attempt: 2 });
});
