import { silentLog } from "../../../core/log.ts";
import { backlogOf } from "../../../core/verify/settle.ts";
import { type VerifyDeps, verifyShard } from "../../../core/verify/verify-shard.ts";
import type { CompactionRig } from "../../unit/collections/compaction-rig.ts";
import { publishDoctored } from "../../unit/collections/doctored.ts";
import { dimensions, model } from "../../unit/collections/sample-deltas.ts";
import { hastyClock } from "../../unit/resilience/clocks.ts";

/** What verify reads of the rig's shard, with some of it replaced. */
export async function verifyDeps(rig: CompactionRig, changes: Partial<VerifyDeps> = {}): Promise<VerifyDeps> {
  return {
    shard: rig.shard,
    target: { collection: rig.collection, model, dimensions },
    control: rig.tables,
    files: await rig.files(),
    runs: rig.runs,
    deltas: { get: async (key) => rig.bucket.get(key) },
    items: rig.items,
    backlog: () => backlogOf(rig.sqs.client, rig.queues.queue),
    clock: hastyClock(),
    log: silentLog,
    ...changes,
  };
}

export async function verified(rig: CompactionRig, changes: Partial<VerifyDeps> = {}, numbers = false) {
  const ports = await verifyDeps(rig, changes);
  return verifyShard(ports, { numbers, settleMs: 5_000, deadline: ports.clock.now() + 600_000 });
}

/** Changes what the rig's shard has published, outside the protocol. */
export async function doctor(
  rig: CompactionRig,
  change: Parameters<typeof publishDoctored>[1],
): Promise<void> {
  const { client, controlTable } = rig.tables;
  const files = await rig.files();
  await publishDoctored({ client, controlTable, shard: rig.shard, files, model, dimensions }, change);
}
