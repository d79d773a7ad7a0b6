import { freshStack } from "./fresh-stack.ts";
import { paused } from "./harmed.ts";
import { anyCall, callsOf } from "./moments.ts";
import { begun, begunFor, begunForFold, stepCases } from "./scenario.ts";
import { all, chosen, faultTest } from "./seeds.ts";

const freshly = freshStack();
const calls = callsOf(freshly);

describe("F3 F4: a process that is paused beyond its lease and resumes publishes nothing over others", () => {
  for (const one of chosen(stepCases, 1)) {
    const { step, queue, title } = one;
    faultTest(`as it begins to ${title}`, async () =>
      paused(await begunFor(freshly, one), { step }, { queue }),
    );
  }
  for (const effect of chosen(["before", "after"] as const, 0)) {
    faultTest(`right ${effect} a heartbeat`, async () =>
      paused(await begun(freshly), { call: "beat", nth: 1, effect }, { slowMs: 150 }),
    );
  }
  faultTest("right before it moves the head, past its last look at its clock", async () =>
    paused(await begun(freshly), { call: "move head", nth: 1, effect: "before" }),
  );
  for (const effect of chosen(["before", "after"] as const, 1)) {
    faultTest(`right ${effect} it moves the head, in a fold`, async () =>
      paused(await begunForFold(freshly), { call: "move head", nth: 1, effect }, { queue: "fold" }),
    );
  }
  for (const drawn of Array.from({ length: all ? 10 : 0 }, (_, number) => number + 1)) {
    faultTest(`at one of its calls, drawn for the ${drawn}. time`, async (random) => {
      const at = anyCall(await calls(), random);
      await paused(await begun(freshly), at, { isSure: false });
    });
  }
});
