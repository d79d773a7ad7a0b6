import { steps } from "../../core/collections/cycle-parts.ts";
import { Application } from "./application.ts";
import { expectClean } from "./clean.ts";
import { freshStack } from "./fresh-stack.ts";
import { poll } from "./mapping.ts";
import { ProcessGone } from "./process/cycle-process.ts";
import type { Moment } from "./process/harm.ts";
import { recover } from "./recovery.ts";
import { all, chosen, faultTest, type Random } from "./seeds.ts";

const freshly = freshStack();

/** A collection with something in it, and messages that replace, add and change. */
async function begin() {
  const stack = await freshly();
  const application = new Application(stack);
  await application.export(1, [
    ["MILK", "2.00"],
    ["TOTAL", "5.00"],
  ]);
  await application.setMerchant(1, "CAFE");
  await application.announce();
  await recover(stack);
  await application.export(1, [["BREAD", "2.00"]]);
  await application.export(2, [["TEA", "1.00"]]);
  await application.setMerchant(1, undefined);
  await application.setLabel(2, 1, 1, "PRODUCT", "VALID");
  await application.announce();
  return { stack, application };
}

/** Every moment is reached, except perhaps those that were drawn. */
async function killedAt(at: Moment, isSure = true, slowMs = 0): Promise<void> {
  const { stack, application } = await begin();
  const victim = await stack.process({ harms: [{ at, signal: "SIGKILL", to: "itself" }], slowMs });
  const ended = await poll(stack, "lines", victim).catch((error: Error) => error);
  if (isSure) expect(ended).toBeInstanceOf(ProcessGone);
  await recover(stack);
  await expectClean(stack, application);
}

describe("F2 F3 F21: a process that is killed loses nothing and blocks nobody", () => {
  for (const step of chosen(steps, 2)) {
    faultTest(`as it begins to ${step}`, () => killedAt({ step }));
  }
  for (const effect of ["before", "after"] as const) {
    if (all)
      faultTest(`right ${effect} a heartbeat`, () => killedAt({ call: "beat", nth: 1, effect }, true, 150));
  }
  for (const step of all ? steps : []) {
    faultTest(`some time after it began to ${step}`, (random) =>
      killedAt({ step, afterMs: random.below(200) }, false),
    );
  }
  for (const drawn of Array.from({ length: all ? 12 : 2 }, (_, number) => number + 1)) {
    faultTest(`at one of its calls, drawn for the ${drawn}. time`, async (random) =>
      killedAt(await anyCall(random), false),
    );
  }
});

/** How many calls the cycle makes, from one that is not killed. */
let calls: Promise<number> | undefined;

async function anyCall(random: Random): Promise<Moment> {
  calls ??= begin().then(async ({ stack }) => {
    const process = await stack.process();
    await poll(stack, "lines", process);
    await stack.destroy();
    return process.calls.length;
  });
  const effect = random.one(["before", "after"] as const);
  return { nth: 1 + random.below(await calls), effect };
}
