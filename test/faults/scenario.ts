import { segmentSteps, steps } from "../../core/collections/cycle/cycle-deps.ts";
import { Application } from "./application.ts";
import type { freshStack } from "./fresh-stack.ts";
import { recover } from "./recovery.ts";
import type { StackOptions } from "./stack.ts";

/** Every step of a cycle that writes a base, and of one that publishes a segment. */
export const stepCases = [
  ...steps.map((step) => ({ step, foldVectors: 0, title: step })),
  ...[...segmentSteps, "move head" as const, "acknowledge" as const].map((step) => ({
    step,
    foldVectors: 1_000,
    title: `${step}, with segments`,
  })),
];

/** A collection with something in it, and messages that replace, add, change and remove. */
export async function begun(freshly: ReturnType<typeof freshStack>, options?: StackOptions) {
  const stack = await freshly(options);
  const application = new Application(stack);
  await application.export(1, [
    ["MILK", "2.00"],
    ["TOTAL", "5.00"],
  ]);
  await application.export(3, [
    ["SALT", "0.50"],
    ["CASH", "1.00"],
  ]);
  await application.setMerchant(1, "CAFE");
  await application.announce();
  await recover(stack);
  await application.export(1, [["BREAD", "2.00"]]);
  await application.export(2, [["TEA", "1.00"]]);
  await application.setMerchant(1, undefined);
  await application.setLabel(2, 1, 1, "PRODUCT", "VALID");
  await application.remove(3, 2);
  await application.announce();
  return { stack, application };
}
