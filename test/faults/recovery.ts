import { collections } from "../../contract/collections.ts";
import { type PolledQueue, poll } from "./mapping.ts";
import type { CycleProcess } from "./process/cycle-process.ts";
import type { Stack } from "./stack.ts";

const polled: readonly PolledQueue[] = [...collections, "fold"];
/** Longer than the recovery from any fault. */
const maxWaitMs = 60_000;

/**
 * A healthy process consumes messages until the queues are empty, as a mapping would. Messages in flight are redelivered at
 * once: the test does not wait for visibility timeouts.
 */
export async function recover(stack: Stack, process?: CycleProcess): Promise<void> {
  const sound = process ?? (await stack.sound());
  do {
    await Promise.all(polled.map((queue) => emptied(stack, queue, sound)));
    // A publish may have asked for a fold meanwhile, and a repair sent messages again.
  } while (!(await areEmpty(stack)));
}

async function areEmpty(stack: Stack): Promise<boolean> {
  const depths = await Promise.all(polled.map((queue) => stack.aws.depth(stack.queueUrls[queue])));
  return depths.every((depth) => depth === 0);
}

async function emptied(stack: Stack, collection: PolledQueue, sound: CycleProcess): Promise<void> {
  const url = stack.queueUrls[collection];
  const late = performance.now() + maxWaitMs;
  const failures: unknown[] = [];
  while ((await stack.aws.depth(url)) > 0) {
    await stack.aws.reveal(url);
    await poll(stack, collection, sound).catch((error) => failures.push(error));
    if (performance.now() > late) {
      throw new AggregateError(
        failures,
        `${collection} was not done in time. It said: ${sound.log.slice(-8_000)}`,
      );
    }
  }
}
