import { exponentialMs } from "./backoff.ts";
import { batchesByCount } from "./batch.ts";
import type { Clock } from "./clock.ts";
import { retry } from "./retry.ts";

const maxAttempts = 10;
const backoff = { firstMs: 50, maxMs: 5_000 };

export interface BatchCall<Item> {
  readonly perCall: number;
  /** Resolves to the items that were left unprocessed, as in DynamoDB's batch calls under throttling. */
  readonly send: (items: readonly Item[]) => Promise<readonly Item[]>;
  readonly clock: Clock;
}

/** Sends all items, and sends unprocessed ones again. Throws if items remain unprocessed after ten attempts. */
export async function sendAll<Item>(
  items: readonly Item[],
  { perCall, send, clock }: BatchCall<Item>,
): Promise<void> {
  for (const batch of batchesByCount(items, perCall)) {
    let waiting: readonly Item[] = batch;
    await retry(
      async () => {
        waiting = await send(waiting);
        if (waiting.length === 0) return { kind: "done", value: undefined };
        return { kind: "retry", error: new Error(`${waiting.length} items are still unprocessed.`) };
      },
      {
        maxAttempts,
        backoffMs: (failed) => exponentialMs(backoff, failed),
        clock,
        exhausted: ({ error }) => error,
      },
    );
  }
}
