import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { BackPressure, type BackPressureOptions } from "../../../core/ingest/back-pressure.ts";
import { silentLog } from "../../../core/log.ts";
import { Stage } from "../../unit/ingest/stage.ts";
import { Tables } from "../../unit/runs/tables.ts";

let tables: Tables;
let stage: Stage;

beforeEach(async () => {
  tables = await Tables.start();
  stage = new Stage(tables);
});
afterEach(() => tables.stop());

/** A message of a receipt that no other has, which was sent so long after the first of them. */
function delivery(sentAt: number, more: object = {}) {
  return stage.delivery({ ...stage.receipt(["CAFE", `TOTAL ${sentAt}`], randomUUID()), ...more }, sentAt);
}

/** What was sent back, as the queue delivers it later. */
function broughtBack() {
  return stage.sentBack.splice(0).map(({ body }) => stage.delivery(body, Date.now()));
}

describe("while more runs are open than may be", () => {
  test("new messages go back to their queue as they are, the oldest ones first to stay, and nothing is embedded for them", async () => {
    stage.maxOpenRuns = 2;
    const messages = [delivery(300), delivery(100), delivery(200, { exported_at: 50 })];
    expect(await stage.ingest(...messages)).toEqual(["deferred", "opened", "opened"]);
    const [back, ...others] = stage.sentBack;
    expect(others).toEqual([]);
    expect(JSON.parse(back?.body ?? "")).toEqual({
      ...JSON.parse(messages[0]?.body ?? ""),
      exported_at: 300,
    });
    expect(stage.stored).toHaveLength(4);
    expect(stage.counts).toEqual({ MessagesDeferred: 1 });
  });

  test("they are redelivered with their original revision, so a later export stays current", async () => {
    stage.maxOpenRuns = 1;
    const imageId = randomUUID();
    const first = stage.delivery({ ...stage.receipt(["FIRST"], imageId) }, 100);
    const later = stage.delivery({ ...stage.receipt(["LATER"], imageId) }, 200);
    await stage.ingest(delivery(1));
    expect(await stage.ingest(first)).toEqual(["deferred"]);
    stage.maxOpenRuns = 10;
    expect(await stage.ingest(later)).toEqual(["opened"]);
    expect(await stage.ingest(...broughtBack())).toEqual(["superseded"]);
  });

  test("a message without a new run is not deferred: unchanged, superseded, or after a crash", async () => {
    const known = delivery(100);
    await stage.ingest(known);
    stage.maxOpenRuns = 1;
    expect(await stage.ingest({ ...known, messageId: "again" })).toEqual(["unchanged"]);
    const crashed = delivery(200);
    stage.maxOpenRuns = 10;
    jest.spyOn(stage.runs, "open").mockRejectedValueOnce(new Error("killed"));
    expect(await stage.ingest(crashed)).toEqual(["failed"]);
    stage.maxOpenRuns = 1;
    expect(await stage.ingest(crashed)).toEqual(["opened"]);
  });

  test("a message whose place in the queue was refused is delivered again, and no other is", async () => {
    stage.maxOpenRuns = 1;
    await stage.ingest(delivery(1));
    stage.refusedPositions.add(0);
    expect(await stage.ingest(delivery(100), delivery(200))).toEqual(["failed", "deferred"]);
    expect(stage.sentBack).toHaveLength(1);
  });

  test("a crash between sending back and acknowledging leaves two of them, of which the second finds nothing to do", async () => {
    stage.maxOpenRuns = 1;
    await stage.ingest(delivery(1));
    const original = delivery(100);
    await stage.ingest(original);
    stage.maxOpenRuns = 10;
    expect(await stage.ingest(original, ...broughtBack())).toContain("opened");
    expect(
      (await stage.runs.current({ imageId: JSON.parse(original.body).image_id, receiptId: 1 }))?.revision,
    ).toBe(100);
  });

  test("given-up runs defer no message", async () => {
    stage.maxOpenRuns = 1;
    await stage.ingest(delivery(1));
    for await (const entries of stage.openRuns.pages(() => undefined)) {
      for (const entry of entries) await stage.openRuns.giveUp(entry, "in vain", new Date().toISOString());
    }
    expect(await stage.ingest(delivery(100))).toEqual(["opened"]);
  });
});

describe("the bound", () => {
  const count = jest.fn<Promise<number>, [number]>();
  let now: number;

  beforeEach(() => {
    now = 1_000_000;
    count.mockReset();
  });

  function bound(maxOpenRuns: number, more: Partial<BackPressureOptions> = {}) {
    const openRuns = { count };
    const random = () => 0.5;
    return new BackPressure({
      openRuns,
      maxOpenRuns,
      deferSeconds: 60,
      now: () => now,
      random,
      log: silentLog,
      ...more,
    });
  }

  test("is looked at every five seconds at most, and what was admitted since counts", async () => {
    count.mockResolvedValueOnce(7).mockResolvedValueOnce(9);
    const pressure = bound(10);
    expect(await pressure.admit(2)).toBe(2);
    expect(await pressure.admit(2)).toBe(1);
    expect(await pressure.admit(2)).toBe(0);
    expect(count).toHaveBeenCalledTimes(1);
    now += 5_000;
    expect(await pressure.admit(2)).toBe(1);
    expect(count).toHaveBeenCalledTimes(2);
  });

  test("is not looked at for nothing", async () => {
    expect(await bound(10).admit(0)).toBe(0);
    expect(count).not.toHaveBeenCalled();
  });

  test("defers no message where the open runs cannot be counted", async () => {
    count.mockRejectedValue(new Error("throttled"));
    expect(await bound(1).admit(3)).toBe(3);
  });

  test("a delay is one that SQS takes, grows with the wait, and differs from message to message", () => {
    const anyWait = fc.integer({ min: -60_000, max: 30 * 24 * 3_600_000 });
    fc.assert(
      fc.property(
        anyWait,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (waited, random) => {
          const delay = bound(1, { random: () => random }).delaySeconds(now - waited);
          expect(Number.isInteger(delay)).toBe(true);
          expect(delay).toBeGreaterThanOrEqual(1);
          expect(delay).toBeLessThanOrEqual(900);
        },
      ),
    );
    const after = (waited: number, random = 0.5) =>
      bound(1, { random: () => random }).delaySeconds(now - waited);
    expect([after(0), after(10 * 60_000), after(24 * 3_600_000)]).toEqual([60, 300, 600]);
    expect(after(0, 0)).not.toBe(after(0, 0.9));
  });
});
