/**
 * Contenders for one lease, each of which publishes `rounds` generations: the child process of the lease's stress test. Prints
 * `holding` whenever one of them holds it, and ends when all are done. `crowd` and `rounds` are its arguments.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { generationName } from "../../../core/collections/generations/generation-name.ts";
import { moveHead, PublishConflictError, readHead } from "../../../core/collections/generations/head.ts";
import { acquireLease, LeaseLostError } from "../../../core/collections/lease/lease.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";

const [controlTable = "", crowd = "", rounds = ""] = process.argv.slice(2);
const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const options = { client, controlTable, shard: "lines", clock: monotonicClock, leaseMs: 1_000 } as const;

/** One more generation. False where the lease or the head was another's by then. */
async function publishOne(): Promise<boolean> {
  const lease = await acquireLease(options, { waitMs: 120_000, maxWaitMs: 120_000 });
  if (lease === undefined) throw new Error("Every contender gets its turn.");
  process.send?.("holding");
  try {
    const from = await readHead(client, controlTable, "lines");
    const generation = (from?.generation ?? 0) + 1;
    const to = { generation, name: generationName(generation, lease.token), base: from?.name ?? null };
    lease.assertHeld();
    await moveHead({ ...options, lease, from, to });
    return true;
  } catch (error) {
    if (error instanceof LeaseLostError || error instanceof PublishConflictError) return false;
    throw error;
  } finally {
    await lease.release();
  }
}

async function contend(): Promise<void> {
  for (let done = 0; done < Number(rounds); ) if (await publishOne()) done += 1;
}

await Promise.all(Array.from({ length: Number(crowd) }, contend));
process.disconnect();
