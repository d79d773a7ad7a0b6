import { type Collection, collections } from "../../contract/collections.ts";
import { expectClean } from "./clean.ts";
import { freshStack } from "./fresh-stack.ts";
import { killed, paused } from "./harmed.ts";
import { deliver, poll, receive } from "./mapping.ts";
import type { CycleProcess } from "./process/cycle-process.ts";
import { recover } from "./recovery.ts";
import { begun, begunFor, stepCases } from "./scenario.ts";
import { all, chosen, faultTest } from "./seeds.ts";
import type { Stack } from "./stack.ts";

const freshly = freshStack();
const minutes = 60_000;
const offs = [-5 * minutes, 5 * minutes];

/** Takes messages of both collections until there are none for it. A lost lease is no fault of the test. */
async function busy(stack: Stack, process: CycleProcess): Promise<void> {
  for (const collection of collections) {
    while (await poll(stack, collection, process).catch(() => true));
  }
}

async function more({ application }: Awaited<ReturnType<typeof begun>>, round: number): Promise<void> {
  await application.export(1 + (round % 4), [[`ROUND ${round}`, "1.00"]]);
  await application.setMerchant(2, `MERCHANT ${round}`);
  await application.announce();
}

describe("F3 F13: cycles of several processes at once", () => {
  for (const count of chosen([2, 3], 1)) {
    faultTest(`${count} that compete for all there is`, async () => {
      const scene = await begun(freshly);
      const processes = await Promise.all(Array.from({ length: count }, () => scene.stack.process()));
      for (const round of all ? [1, 2, 3] : [1]) {
        await more(scene, round);
        await Promise.all(processes.map((process) => busy(scene.stack, process)));
      }
      await recover(scene.stack);
      await expectClean(scene.stack, scene.application);
    });
  }
  for (const collection of chosen<Collection>(collections, 1)) {
    faultTest(`two that were delivered the same messages of ${collection}`, async () => {
      const { stack, application } = await begun(freshly);
      const [one, other] = [await stack.process({ slowMs: 20 }), await stack.process()];
      const messages = await receive(stack, collection);
      await Promise.allSettled([one, other].map((process) => deliver(stack, collection, process, messages)));
      await recover(stack);
      await expectClean(stack, application);
    });
  }
});

describe("F3: a wall clock that is wrong by five minutes changes nothing", () => {
  for (const wallClockOffByMs of chosen(offs, 0)) {
    const late = wallClockOffByMs < 0 ? "slow" : "fast";
    faultTest(`five minutes ${late}, beside one that is right`, async () => {
      const scene = await begun(freshly);
      const processes = await Promise.all([scene.stack.process({ wallClockOffByMs }), scene.stack.process()]);
      for (const round of [1, 2]) {
        await more(scene, round);
        await Promise.all(processes.map((process) => busy(scene.stack, process)));
      }
      await recover(scene.stack);
      await expectClean(scene.stack, scene.application);
    });
    faultTest(`five minutes ${late}, in a process that is killed`, async (random) => {
      const one = random.one(stepCases);
      const { step, queue } = one;
      await killed(await begunFor(freshly, one), { step }, { queue, wallClockOffByMs });
    });
  }
  for (const wallClockOffByMs of chosen(offs, 1)) {
    const late = wallClockOffByMs < 0 ? "slow" : "fast";
    faultTest(`five minutes ${late}, in a process that is stopped beyond its lease`, async (random) => {
      const one = random.one(stepCases);
      const { step, queue } = one;
      await paused(await begunFor(freshly, one), { step }, { queue, wallClockOffByMs });
    });
  }
});
