import { freshStack } from "./fresh-stack.ts";
import { paused } from "./harmed.ts";
import { anyCall, callsOf } from "./moments.ts";
import { begun, stepCases } from "./scenario.ts";
import { all, chosen, faultTest } from "./seeds.ts";

const freshly = freshStack();
const calls = callsOf(freshly);

describe("F3 F4: a process that is paused beyond its lease and resumes publishes nothing over others", () => {
  for (const { step, foldVectors, title } of chosen(stepCases, 1)) {
    faultTest(`as it begins to ${title}`, async () =>
      paused(await begun(freshly, { foldVectors }), { step }),
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
  for (const drawn of Array.from({ length: all ? 10 : 0 }, (_, number) => number + 1)) {
    faultTest(`at one of its calls, drawn for the ${drawn}. time`, async (random) => {
      const at = anyCall(await calls(), random);
      await paused(await begun(freshly), at, { isSure: false });
    });
  }
});
