import { expectClean } from "./clean.ts";
import { freshStack } from "./fresh-stack.ts";
import { deliver, receive } from "./mapping.ts";
import type { Moment } from "./process/harm.ts";
import { recover } from "./recovery.ts";
import { begunForFold } from "./scenario.ts";
import { chosen, faultTest } from "./seeds.ts";

const freshly = freshStack();

const calls = ["store.count", "store.upsert", "store.updateMetadata", "store.delete", "store.present"];
const moments: Moment[] = calls.flatMap((call) =>
  (["before", "after"] as const).map((effect) => ({ call, nth: 1, effect })),
);
/** Enough to see it hang; a process of which the time is up is killed. */
const limitMs = 4_000;

describe("F2 F15 F19: a Chroma server that dies in the middle of a fold loses nothing", () => {
  for (const at of chosen(moments, 1)) {
    const { call, effect } = at as { call: string; effect: string };
    faultTest(`killed ${effect} ${call}`, async () => {
      const { stack, application } = await begunForFold(freshly);
      const process = await stack.process({ harms: [{ at, signal: "SIGKILL", to: "chroma" }] });
      await deliver(stack, "fold", process, await receive(stack, "fold", 1)).catch(() => undefined);
      await recover(stack, process);
      await expectClean(stack, application);
    });
  }
  for (const call of chosen(["store.upsert", "store.delete"], 0)) {
    faultTest(`hanging before ${call}, until the time of its process is up`, async () => {
      const { stack, application } = await begunForFold(freshly);
      const at = { call, nth: 1, effect: "before" } as const;
      const process = await stack.process({ harms: [{ at, signal: "SIGSTOP", to: "chroma" }] });
      const delivered = deliver(stack, "fold", process, await receive(stack, "fold", 1), limitMs);
      await expect(delivered).rejects.toThrow("is gone");
      await recover(stack);
      await expectClean(stack, application);
    });
  }
});
