import { collections } from "../../contract/collections.ts";
import { foldSteps, publishSteps, type Step } from "../../core/collections/cycle/cycle-deps.ts";
import { Application } from "./application.ts";
import type { freshStack } from "./fresh-stack.ts";
import { type PolledQueue, poll } from "./mapping.ts";
import { recover } from "./recovery.ts";
import type { StackOptions } from "./stack.ts";

/** A moment that is reached for certain by a process that takes messages of this queue. */
export interface StepCase {
  readonly step: Step;
  readonly queue: PolledQueue;
  readonly title: string;
}

/** Every step of a cycle, and of a fold. */
export const stepCases: readonly StepCase[] = [
  ...publishSteps.map((step) => ({ step, queue: "lines" as const, title: step })),
  ...foldSteps.map((step) => ({ step, queue: "fold" as const, title: `${step}, in a fold` })),
];

/** The same with a fold that is asked for: all of it lies above the base. */
export async function begunForFold(freshly: ReturnType<typeof freshStack>, options: StackOptions = {}) {
  const scene = await begun(freshly, { ...options, foldVectors: 0 });
  const sound = await scene.stack.sound();
  for (const collection of collections) while (await poll(scene.stack, collection, sound));
  expect(await scene.stack.aws.depth(scene.stack.queueUrls.fold)).toBeGreaterThan(0);
  return scene;
}

/** As the queue of the case needs it. */
export function begunFor(freshly: ReturnType<typeof freshStack>, { queue }: StepCase) {
  return queue === "fold" ? begunForFold(freshly) : begun(freshly);
}

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
