import { setTimeout as sleep } from "node:timers/promises";
import { CatchUpClient, isOver } from "../../cli/catchup/client.ts";

/** Asks for the status of a task, so many times a second whatever the answers take, until the task is over. */
export interface LoadOrders {
  readonly url: string;
  readonly apiKey: string;
  readonly taskId: string;
  readonly perSecond: number;
}

export interface LoadOutcome {
  /** Of each answer, from the moment at which it was to be asked for. */
  readonly milliseconds: readonly number[];
  readonly failures: number;
}

process.once("message", async ({ url, apiKey, taskId, perSecond }: LoadOrders) => {
  const client = new CatchUpClient(url, apiKey);
  const milliseconds: number[] = [];
  const asked: Promise<void>[] = [];
  let failures = 0;
  let over = false;

  async function ask(due: number): Promise<void> {
    const task = await client.status(taskId).catch(() => undefined);
    if (task === undefined) failures += 1;
    else {
      milliseconds.push(performance.now() - due);
      over ||= isOver(task);
    }
  }

  const began = performance.now();
  for (let number = 0; !over; number += 1) {
    const due = began + (number * 1_000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    asked.push(ask(due));
  }
  await Promise.all(asked);
  process.send?.({ milliseconds, failures } satisfies LoadOutcome);
});
