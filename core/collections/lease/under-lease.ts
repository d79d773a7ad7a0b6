import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../../contract/collections.ts";
import { errorFields, type Log } from "../../log.ts";
import type { Clock } from "../../resilience/clock.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import type { ControlKey } from "./collection-key.ts";
import { Heartbeat } from "./heartbeat.ts";
import { acquireLease, type Lease, type LeaseKind } from "./lease.ts";

/** Other processes held the lease for the whole wait. */
export class CollectionBusyError extends VectorkeepError {
  constructor(shard: ShardName, seconds: number) {
    super(
      `The lease of ${shard} was not free for ${seconds} s, so nothing was done.`,
      "Try again; if it persists, look at the log of compaction.",
    );
  }
}

export interface LeaseDeps {
  readonly shard: ShardName;
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** The item of the lease in the control table. @default the shard's, which has its head too */
  readonly key?: ControlKey;
}

/** Runs the work under a lease of the shard, for which it waits up to `maxWaitMs`. Throws CollectionBusyError. */
export async function underLease<Result>(
  { shard, control, leaseMs, clock, log, key }: LeaseDeps,
  maxWaitMs: number,
  work: (lease: Lease) => Promise<Result>,
  kind: LeaseKind = "publish",
): Promise<Result> {
  const options = { ...control, shard, clock, leaseMs, kind, ...(key && { key }) };
  const lease = await acquireLease(options, { waitMs: maxWaitMs, maxWaitMs });
  if (lease === undefined) throw new CollectionBusyError(shard, Math.round(maxWaitMs / 1000));
  const heartbeat = new Heartbeat(() => lease.beat(), leaseMs, clock, log);
  try {
    return await work(lease);
  } finally {
    await heartbeat.stop();
    await lease
      .release()
      .catch((error) => log.warn("The lease was not released", { shard, ...errorFields(error) }));
  }
}
