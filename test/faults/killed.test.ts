import { freshStack } from "./fresh-stack.ts";
import { killed } from "./harmed.ts";
import { anyCall, callsOf } from "./moments.ts";
import { begun, begunFor, begunForFold, stepCases } from "./scenario.ts";
import { all, chosen, faultTest } from "./seeds.ts";

const freshly = freshStack();
const calls = callsOf(freshly);

describe("F2 F3 F5 F21: a process that is killed loses nothing and blocks no other", () => {
  for (const one of chosen(stepCases, 1)) {
    const { step, queue, title } = one;
    faultTest(`as it begins to ${title}`, async () =>
      killed(await begunFor(freshly, one), { step }, { queue }),
    );
  }
  for (const effect of chosen(["before", "after"] as const, 0)) {
    faultTest(`right ${effect} a heartbeat`, async () =>
      killed(await begun(freshly), { call: "beat", nth: 1, effect }, { slowMs: 150 }),
    );
  }
  for (const effect of chosen(["before", "after"] as const, 1)) {
    faultTest(`right ${effect} it moves the head`, async () =>
      killed(await begun(freshly), { call: "move head", nth: 1, effect }),
    );
  }
  for (const effect of chosen(["before", "after"] as const, 1)) {
    faultTest(`right ${effect} it moves the head, in a fold`, async () =>
      killed(await begunForFold(freshly), { call: "move head", nth: 1, effect }, { queue: "fold" }),
    );
  }
  for (const drawn of Array.from({ length: all ? 12 : 1 }, (_, number) => number + 1)) {
    faultTest(`at one of its calls, drawn for the ${drawn}. time`, async (random) => {
      const at = anyCall(await calls(), random);
      await killed(await begun(freshly), at, { isSure: false });
    });
  }
});
