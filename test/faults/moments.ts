import type { freshStack } from "./fresh-stack.ts";
import { poll } from "./mapping.ts";
import type { Moment } from "./process/harm.ts";
import { begun } from "./scenario.ts";
import type { Random } from "./seeds.ts";

/** How many calls a cycle of the scenario makes, from one that is not harmed. */
export function callsOf(freshly: ReturnType<typeof freshStack>): () => Promise<number> {
  let calls: Promise<number> | undefined;
  return () => {
    calls ??= begun(freshly).then(async ({ stack }) => {
      const process = await stack.process();
      await poll(stack, "lines", process);
      await stack.destroy();
      return process.calls.length;
    });
    return calls;
  };
}

/** Before or after the effect of any call. */
export function anyCall(calls: number, random: Random): Moment {
  return { nth: 1 + random.below(calls), effect: random.one(["before", "after"] as const) };
}
