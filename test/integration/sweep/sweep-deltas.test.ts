import { randomUUID } from "node:crypto";
import { collections } from "../../../contract/collections.ts";
import { DeltaFiles } from "../../../core/deltas/delta-files.ts";
import { deltaKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import { madeCurrent } from "../../../core/runs/current-run.ts";
import { recordRemovals } from "../../../core/runs/record-removals.ts";
import { type DeltaSweep, isExpired, sweepDeltas } from "../../../core/sweep/sweep-deltas.ts";
import { SweepIncompleteError } from "../../../core/sweep/sweep-errors.ts";
import { Stage } from "../../unit/ingest/stage.ts";
import { Tables } from "../../unit/runs/tables.ts";

const day = 24 * 3_600_000;
const retentionMs = 18 * day;

let tables: Tables;
let stage: Stage;
let told: Record<string, number>;
let passedMs: number;
/** Keys of deltas that kept generations name. */
let named: Set<string>;

beforeEach(async () => {
  tables = await Tables.start();
  stage = new Stage(tables);
  told = {};
  passedMs = 0;
  named = new Set();
});
afterEach(() => tables.stop());

function parts(pageSize?: number): DeltaSweep {
  const { log, runs } = stage.services;
  const tell = (name: string, value: number) => {
    told[name] = value;
  };
  return {
    control: tables,
    runs,
    isNamed: async ({ key }) => named.has(key),
    files: new DeltaFiles(stage.buckets.client, "deltas", pageSize),
    config: { retentionMs, claimMs: 4 * 60_000 },
    now: () => Date.now() + passedMs,
    log,
    metrics: { count: tell, gauge: tell },
  };
}

const sweep = (of = parts()) => sweepDeltas(of, Number.POSITIVE_INFINITY);

/** All that is stored was stored long ago. */
function age(): void {
  for (const path of stage.buckets.objects.keys()) stage.buckets.storedAt.set(path, 0);
}

/** A receipt whose first content was replaced long ago. */
async function replaced(imageId = randomUUID()) {
  const first = stage.receipt(["CAFE", "TOTAL"], imageId);
  const second = stage.receipt(["BAR"], imageId);
  const receipt = { imageId, receiptId: 1 };
  await stage.ingest(stage.delivery(first, 100));
  const old = { ...receipt, runId: (await stage.runs.current(receipt))?.runId ?? "" };
  await stage.ingest(stage.delivery(second, 200));
  const current = { ...receipt, runId: (await stage.runs.current(receipt))?.runId ?? "" };
  age();
  return { receipt, first, old, current };
}

const keysOf = (run: { imageId: string; receiptId: number; runId: string }) =>
  collections.map((collection) => deltaKey(deltaPrefix({ collection, ...run })));
const stored = (run: Parameters<typeof keysOf>[0]) =>
  keysOf(run).map((key) => stage.buckets.objects.has(`deltas/${key}`));

describe("deltas whose time is over (F6)", () => {
  test("are deleted where another run is current; those of the current run are never deleted", async () => {
    const { old, current } = await replaced();
    stage.buckets.put("deltas", "deltas/notes.txt", Buffer.from("somebody's"));
    stage.buckets.storedAt.set("deltas/deltas/notes.txt", 0);
    await sweep();
    expect(stored(old)).toEqual([false, false]);
    expect(stored(current)).toEqual([true, true]);
    expect(stage.buckets.objects.has("deltas/deltas/notes.txt")).toBe(true);
    expect(told).toEqual({ DeltasRemoved: 2 });
  });

  test("are deleted with a receipt that was removed, and written again when it is exported again", async () => {
    const { receipt, old, current, first } = await replaced();
    await recordRemovals(stage.runs, receipt, [{ part: "DOCUMENT", revision: 300 }]);
    await sweep();
    expect([...stored(old), ...stored(current)]).toEqual([false, false, false, false]);
    expect(await stage.ingest(stage.delivery(first, 400))).toEqual(["reopened"]);
    expect(stored(old)).toEqual([true, true]);
  });

  test("stay while a kept generation names them, and embed may use them", async () => {
    const { receipt, old, first } = await replaced();
    const [lines = ""] = keysOf(old);
    named.add(lines);
    await sweep();
    expect(stored(old)).toEqual([true, false]);
    expect((await stage.runs.current(receipt))?.expiring.size).toBe(0);
    expect(await stage.ingest(stage.delivery(first, 400))).toEqual(["reopened"]);
  });

  test("are not removed where a publish has named them since the sweep looked at CURRENT", async () => {
    const { old } = await replaced();
    const of = parts();
    const moveCurrent = of.runs.moveCurrent.bind(of.runs);
    const runs = {
      current: of.runs.current.bind(of.runs),
      moveCurrent: async (...args: Parameters<typeof moveCurrent>) => {
        const moved = await moveCurrent(...args);
        for (const key of keysOf(old)) named.add(key);
        return moved;
      },
    };
    await sweep({ ...of, runs });
    expect(stored(old)).toEqual([true, true]);
  });

  test("stay where nothing says which run counts", async () => {
    const key = deltaKey(
      deltaPrefix({ collection: "lines", imageId: randomUUID(), receiptId: 1, runId: "x" }),
    );
    stage.buckets.put("deltas", key, Buffer.from("delta"));
    age();
    await sweep();
    expect(stage.buckets.objects.has(`deltas/${key}`)).toBe(true);
  });
});

describe("the time of a delta", () => {
  const now = () => 100 * day;
  const at = (days: number) => days * day;
  const counting = (runId: string, revision: number, before?: Parameters<typeof madeCurrent>[0]) => ({
    ...madeCurrent(before, { runId, attempt: 1 }, revision),
    version: 1,
  });
  const expired = (runId: string, storedAt: number, current?: Parameters<typeof isExpired>[1]) =>
    isExpired({ collection: "lines", imageId: "i", receiptId: 1, runId, key: "k", storedAt }, current, {
      config: { retentionMs, claimMs: 1 },
      now,
    });

  test("counts from when its run stopped to", () => {
    expect(expired("a", at(10), counting("b", at(81), counting("a", at(10))))).toBe(true);
    expect(expired("a", at(10), counting("b", at(83), counting("a", at(10))))).toBe(false);
  });

  test("counts for each run by itself, however often its receipt is exported since", () => {
    const often = counting("c", at(99), counting("b", at(80), counting("a", at(10))));
    expect(expired("a", at(10), often)).toBe(true);
    expect(expired("b", at(80), often)).toBe(false);
  });

  test("has only begun for what was just stored: its run is about to count", () => {
    expect(expired("new", at(99), counting("a", at(10)))).toBe(false);
  });
});

describe("embed and a sweep at once (F1)", () => {
  /** Every open current run has its deltas. */
  async function isWhole(receipt: { imageId: string; receiptId: number }) {
    const current = await stage.runs.current(receipt);
    const run = { ...receipt, runId: current?.runId ?? "" };
    expect(stored(run)).toEqual([true, true]);
    expect(current?.expiring.size).toBe(0);
    return run.runId;
  }

  test("deltas that are deleted after embed has found them are not relied on: the message is redelivered and embeds again", async () => {
    const { receipt, first, old } = await replaced();
    const get = stage.deltas.get.bind(stage.deltas);
    let looks = 0;
    jest.spyOn(stage.deltas, "get").mockImplementation(async (key) => {
      const found = await get(key);
      looks += 1;
      if (looks === 2) await sweep();
      return found;
    });
    const delivery = stage.delivery(first, 300);
    expect(await stage.ingest(delivery)).toEqual(["failed"]);
    expect(stage.errors.at(-1)?.fields).toMatchObject({ error_name: "DeltasExpiringError" });
    expect(await stage.ingest(delivery)).toEqual(["reopened"]);
    expect(await isWhole(receipt)).toBe(old.runId);
  });

  test("while they are going embed waits for the end of it", async () => {
    const { receipt, first, old } = await replaced();
    const delivery = stage.delivery(first, 300);
    const of = parts();
    const remove = of.files.remove.bind(of.files);
    const meanwhile: string[][] = [];
    jest.spyOn(of.files, "remove").mockImplementation(async (files) => {
      meanwhile.push(await stage.ingest(delivery));
      await remove(files);
    });
    await sweep(of);
    expect(meanwhile[0]).toEqual(["failed"]);
    expect(await stage.ingest(delivery)).toEqual(["reopened"]);
    expect(await isWhole(receipt)).toBe(old.runId);
  });

  test("a run that is made current before its deltas go keeps them", async () => {
    const { receipt, first, old } = await replaced();
    const move = stage.runs.moveCurrent.bind(stage.runs);
    jest.spyOn(stage.runs, "moveCurrent").mockImplementationOnce(async (...input) => {
      expect(await stage.ingest(stage.delivery(first, 300))).toEqual(["reopened"]);
      return move(...input);
    });
    await sweep();
    expect(await isWhole(receipt)).toBe(old.runId);
  });

  test("a sweep that crashes is completed by the next one, and blocks embed for at most an hour", async () => {
    const { receipt, first, old } = await replaced();
    const dying = parts();
    jest.spyOn(dying.files, "remove").mockRejectedValueOnce(new Error("killed"));
    jest.spyOn(dying.files, "page").mockImplementationOnce(async (after) => {
      const page = await parts().files.page(after);
      return { ...page, files: page.files.filter(({ runId }) => runId === old.runId) };
    });
    await expect(sweep(dying)).rejects.toThrow(SweepIncompleteError);
    expect((await stage.runs.current(receipt))?.expiring.has(old.runId)).toBe(true);
    expect(await stage.ingest(stage.delivery(first, 300))).toEqual(["failed"]);
    const nextHour = Date.now() + 3_600_001;
    const clock = jest.spyOn(Date, "now").mockReturnValue(nextHour);
    expect(await stage.ingest(stage.delivery(first, 300))).toEqual(["reopened"]);
    clock.mockRestore();
    expect(stored(old)).toEqual([true, true]);
  });
});

describe("the way through all deltas", () => {
  const minutes = 60_000;

  /** A sweeper that has time for one page of two deltas, and what each sweep listed. */
  function inPages() {
    const of = parts(2);
    const pages: (string | undefined)[] = [];
    const page = of.files.page.bind(of.files);
    jest.spyOn(of.files, "page").mockImplementation(async (after) => {
      pages.push(after);
      passedMs += 1_000;
      return page(after);
    });
    return { of, pages, sweepPage: () => sweepDeltas(of, of.now() + 500) };
  }

  test("continues where the last sweep stopped, and starts over a day after it began", async () => {
    for (let receipts = 0; receipts < 2; receipts += 1) await replaced();
    const { pages, sweepPage } = inPages();
    for (let sweeps = 0; sweeps < 6; sweeps += 1) await sweepPage();
    const [first, ...later] = pages;
    expect(first).toBeUndefined();
    expect(later).toEqual([...later].sort());
    expect(new Set(pages).size).toBe(4);
    expect(stage.stored).toHaveLength(4);

    passedMs += day;
    await sweepPage();
    expect(pages.at(-1)).toBeUndefined();
    expect(pages).toHaveLength(5);
  });

  test("is gone by one sweep at a time", async () => {
    await replaced();
    const { of, pages } = inPages();
    await Promise.all([sweep(of), sweep(of), sweep(of)]);
    expect(pages).toHaveLength(2);
  });

  test("is gone on with after a crash, from the last page that was finished", async () => {
    await replaced();
    const { of, pages, sweepPage } = inPages();
    await sweepPage();
    jest.spyOn(of.files, "page").mockRejectedValueOnce(new Error("killed"));
    await expect(sweepPage()).rejects.toThrow("killed");
    await sweepPage();
    expect(pages).toHaveLength(1);
    passedMs += 4 * minutes;
    await sweepPage();
    expect(pages).toEqual([undefined, expect.stringContaining("deltas/lines/")]);
  });

  test("looks at the receipt of an old delta only", async () => {
    await replaced();
    const { receipt } = await replaced();
    await stage.ingest(stage.delivery(stage.receipt(["NEW"], randomUUID()), 100));
    const current = jest.spyOn(stage.runs, "current");
    await sweep();
    const looked = current.mock.calls.map(([{ imageId }]) => imageId);
    expect(looked).toContain(receipt.imageId);
    expect(new Set(looked).size).toBe(2);
  });
});
