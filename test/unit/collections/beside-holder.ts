import { Heartbeat } from "../../../core/collections/lease/heartbeat.ts";
import { acquireLease, type LeaseKind } from "../../../core/collections/lease/lease.ts";
import { silentLog } from "../../../core/log.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";
import type { CompactionRig } from "./compaction-rig.ts";

/** Does the work while another process holds a lease of the shard, and shows that it lives. */
export async function besideHolder(
  { tables: { client, controlTable }, shard }: CompactionRig,
  kind: LeaseKind,
  work: () => Promise<void>,
): Promise<void> {
  const options = { client, controlTable, shard, clock: monotonicClock, leaseMs: 60_000, kind };
  const lease = await acquireLease(options, { waitMs: 0, maxWaitMs: 0 });
  const heartbeat = new Heartbeat(async () => lease?.beat(), 1_000, monotonicClock, silentLog);
  try {
    await work();
  } finally {
    await heartbeat.stop();
    await lease?.release();
  }
}
