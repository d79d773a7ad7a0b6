import { setTimeout as sleep } from "node:timers/promises";
import { BulkClient } from "../../cli/bulk/client.ts";
import { CatchUpClient, isOver } from "../../cli/catchup/client.ts";

/**
 * Starts a task and requests its status at a fixed rate, however long the responses take, until the task ends (open loop).
 * A request that is scheduled while the maximum is in flight waits, and its latency counts from its scheduled time.
 */
export interface LoadOrders {
  readonly api: "catch-up" | "bulk";
  readonly url: string;
  readonly apiKey: string;
  /** An earlier one, to warm up with. */
  readonly finishedTaskId: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly perSecond: number;
}

/** The processes that the local stack keeps warm. */
const maxAsked = 5;
/** By then the code of the API's processes, which the local stack keeps warm, is compiled for speed; and so is this. */
const warmUpRounds = 200;

export interface LoadOutcome {
  readonly taskId: string;
  /** Of each answer, from the moment at which it was to be asked for. */
  readonly milliseconds: readonly number[];
  readonly failures: number;
}

process.once("message", async ({ api, url, apiKey, finishedTaskId, request, perSecond }: LoadOrders) => {
  const client = api === "bulk" ? new BulkClient(url, apiKey) : new CatchUpClient(url, apiKey);
  await warmUp(client, finishedTaskId, warmUpRounds);
  const taskId = await client.start(request);
  // Each process looks once whether its execution runs.
  await warmUp(client, taskId, 3);
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
    while (asked.size >= maxAsked) await Promise.race(asked);
    send(due);
  }
  await Promise.all(asked);
  process.send?.({ taskId, milliseconds, failures } satisfies LoadOutcome);
});

async function warmUp(client: Pick<CatchUpClient, "status">, taskId: string, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(Array.from({ length: maxAsked }, () => client.status(taskId)));
  }
}
