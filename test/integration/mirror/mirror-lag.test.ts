import { suspectMirror } from "../../../core/mirror/mirror-head.ts";
import { gaugeMirrors } from "../../../core/mirror/mirror-lag.ts";
import { MirrorRig } from "./mirror-rig.ts";

jest.setTimeout(120_000);

let rig: MirrorRig;
beforeEach(async () => {
  rig = await MirrorRig.start();
});
afterEach(() => rig.stop());

/** What a sweep at this second writes. */
async function secondsBehind(second: number): Promise<number | undefined> {
  let gauged: number | undefined;
  await gaugeMirrors({
    control: rig.shard.tables,
    mirrored: ["lines", "words"],
    now: () => second * 1000,
    metrics: {
      count: () => undefined,
      gauge: (name, value) => {
        if (name === "MirrorSecondsBehind") gauged = value;
      },
    },
  });
  return gauged;
}

test("a mirror whose function never runs falls behind from the first sweep on, however often is published", async () => {
  expect(await secondsBehind(100)).toBe(0);
  await rig.embed(1, 1);
  await rig.publish();
  expect(await secondsBehind(400)).toBe(0);
  await rig.embed(2, 1);
  await rig.publish();
  expect(await secondsBehind(700)).toBe(300);
});

test("a mirror is behind since it last was current, and no more once it is again", async () => {
  await rig.embed(1, 1);
  await rig.publish();
  await rig.mirror("ifNeeded", { now: () => 1_000_000 });
  // Nothing was published for an hour, so nothing is late.
  expect(await secondsBehind(4_600)).toBe(0);
  await rig.mirror("ifNeeded", { now: () => 4_600_000 });
  await rig.embed(1, 1);
  await rig.publish();
  expect(await secondsBehind(4_900)).toBe(300);
  await rig.mirror();
  expect(await secondsBehind(5_200)).toBe(0);
});

test("a mirror that a writer suspects is behind until it is compared", async () => {
  await rig.embed(1, 1);
  await rig.publish();
  await rig.mirror("ifNeeded", { now: () => 1_000_000 });
  await suspectMirror(rig.shard.tables, "lines", 7);
  expect(await secondsBehind(1_060)).toBe(60);
  expect(await rig.mirror()).toMatchObject({ comparison: { missing: 0, extra: 0, stale: 0 } });
  expect(await secondsBehind(1_120)).toBe(0);
});
