import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../contract/collections.ts";
import { readHead } from "../collections/generations/head.ts";
import { mirrorKey } from "../collections/lease/collection-key.ts";
import type { Metrics } from "../metrics.ts";
import { type ControlTable, readMirror } from "./mirror-head.ts";

export interface MirrorGauge {
  readonly control: ControlTable;
  /** The shards with a mirror; empty if there is none. */
  readonly mirrored: readonly ShardName[];
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly metrics: Metrics;
}

/**
 * Records for how long the mirror that is furthest behind has not contained what is published. Another process than the
 * one that mirrors calls it, so that the figure grows while that one does not run.
 */
export async function gaugeMirrors({ control, mirrored, now, metrics }: MirrorGauge): Promise<void> {
  const lags = await Promise.all(mirrored.map((shard) => lagMs(control, shard, now())));
  const [most = 0] = lags.sort((one, other) => other - one);
  metrics.gauge("MirrorSecondsBehind", Math.round(most / 1000), "Seconds");
}

async function lagMs(control: ControlTable, shard: ShardName, now: number): Promise<number> {
  const { head, suspect, currentAt } = await readMirror(control, shard);
  const published = await readHead(control.client, control.controlTable, shard);
  if (published === undefined || (head?.name === published.name && suspect === undefined)) return 0;
  return now - (currentAt ?? (await noteFirstLook(control, shard, now)));
}

/** A mirror that has never run has no time yet from which its lag counts. */
async function noteFirstLook(
  { client, controlTable }: ControlTable,
  shard: ShardName,
  now: number,
): Promise<number> {
  await client.send(
    new UpdateCommand({
      TableName: controlTable,
      Key: mirrorKey(shard),
      UpdateExpression: "SET mirror_current_at = if_not_exists(mirror_current_at, :now)",
      ExpressionAttributeValues: { ":now": now },
    }),
  );
  return now;
}
