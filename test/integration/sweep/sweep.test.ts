import { FoldQueue } from "../../../core/collections/messages/fold-queue.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";
import { sweep } from "../../../core/sweep/sweep.ts";
import { Tables } from "../../unit/runs/tables.ts";
import { SweepRig } from "./sweep-rig.ts";

let tables: Tables;
let rig: SweepRig;

beforeAll(async () => {
  tables = await Tables.start();
  rig = new SweepRig(tables);
});
afterAll(() => tables.stop());

async function swept(): Promise<string[]> {
  rig.metrics = {};
  const deps = {
    ...rig.parts,
    control: tables,
    shards: ["lines", "words"] as const,
    mirrored: ["lines", "words"] as const,
    files: { page: async () => ({ files: [], next: undefined }), remove: async () => undefined },
    isNamed: async () => false,
    folds: new FoldQueue(rig.sqs, "fold", monotonicClock),
    foldRules: { foldVectors: 1, foldMs: 1, maxOverlayVectors: 1 },
    meteredBytes: async () => 6 * 1024,
  };
  await sweep(deps, Number.POSITIVE_INFINITY);
  return Object.keys(rig.metrics).sort();
}

test("a sweep of an idle stack writes no metric but the size of its file system, since CloudWatch bills what is written", async () => {
  expect(await swept()).toEqual(["FileSystemBytes", "FileSystemBytesUnaccounted"]);
});

test("a sweep writes what it found", async () => {
  await rig.opened();
  rig.pass(10);
  expect(await swept()).toEqual([
    "FileSystemBytes",
    "FileSystemBytesUnaccounted",
    "OldestOpenRunAge",
    "RunsOpen",
  ]);
});
