import { setTimeout as sleep } from "node:timers/promises";
import { CatchUpClient, isOver } from "../../cli/catchup/client.ts";

/**
 * Asks for the status of a task, so many times a second whatever the answers take, until the task is over. Where that many
 * wait that the answers cannot keep up any more, what was due is not asked, and counts as failed.
 */
export interface LoadOrders {
  readonly url: string;
  readonly apiKey: string;
  readonly taskId: string;
  readonly perSecond: number;
}

const mostWaiting = 5;

export interface LoadOutcome {
  /** Of each answer, from the moment at which it was to be asked for. */
  readonly milliseconds: readonly number[];
  readonly failures: number;
}

process.once("message", async ({ url, apiKey, taskId, perSecond }: LoadOrders) => {
  const client = new CatchUpClient(url, apiKey);
  const milliseconds: number[] = [];
  const asked = new Set<Promise<void>>();
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

  function send(due: number): void {
    const sent = ask(due).finally(() => asked.delete(sent));
    asked.add(sent);
  }

  const began = performance.now();
  for (let number = 0; !over; number += 1) {
    const due = began + (number * 1_000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    if (asked.size >= mostWaiting) failures += 1;
    else send(due);
  }
  await Promise.all(asked);
  process.send?.({ milliseconds, failures } satisfies LoadOutcome);
});
