import { untilHandled } from "../../../core/failed/failed-again.ts";

/** A clock that only sleep moves, and the depths that the queues tell one after the other; the last one stays. */
function rig(...depths: number[]) {
  let now = 0;
  let looks = 0;
  return {
    deps: {
      clock: {
        now: () => now,
        sleep: async (ms: number) => {
          now += ms;
        },
      },
      underWay: async () => depths[Math.min(looks++, depths.length - 1)] ?? 0,
    },
    elapsed: () => now,
  };
}

test("queues that are empty for a while have handled what was sent", async () => {
  const { deps, elapsed } = rig(3, 2, 0);
  expect(await untilHandled(deps, 300_000)).toBe(0);
  expect(elapsed()).toBe(12_000);
});

test("an empty moment between two queues is not the end", async () => {
  const { deps, elapsed } = rig(1, 0, 0, 1, 0);
  expect(await untilHandled(deps, 300_000)).toBe(0);
  expect(elapsed()).toBe(14_000);
});

test("what is still in flight at the end is reported", async () => {
  const { deps, elapsed } = rig(5);
  expect(await untilHandled(deps, 30_000)).toBe(5);
  expect(elapsed()).toBe(30_000);
});
