import { errorFields } from "../../log.ts";
import { type Collected, collectGarbage } from "../generations/collect-garbage.ts";
import { readShardHead } from "../generations/head.ts";
import { recordStoredBytes, storedBytes } from "../generations/stored-bytes.ts";
import type { Lease } from "../lease/lease.ts";
import { NamedDeltas } from "../segments/named-deltas.ts";
import type { CycleDeps } from "./cycle-deps.ts";

/** Garbage collection costs a round trip to the file system per file, and segments take little space. */
const tidyEveryMs = 60_000;
/** When this process last collected garbage, by queue, and the database for which it last pruned the named deltas. */
const tidied = new WeakMap<object, { readonly at: number; readonly database: string | null }>();

type TidyDeps = Pick<CycleDeps, "shard" | "control" | "queue" | "generations" | "config" | "clock" | "log">;

/**
 * Removes unreferenced files and records the size of the rest. Runs after every new base, otherwise at most once per
 * minute and process.
 */
export async function tidy(
  deps: TidyDeps,
  lease: Lease,
  { hasNewBase }: { readonly hasNewBase: boolean },
): Promise<void> {
  const { shard, control, queue, generations, config, clock, log } = deps;
  const last = tidied.get(queue);
  if (!hasNewBase && last !== undefined && clock.now() - last.at < tidyEveryMs) return;
  const { head, holders } = await readShardHead(control.client, control.controlTable, shard);
  if (head === undefined) return;
  const { kept } = await collectGarbage(generations, head, lease.token, config.garbage, log, holders);
  const database = kept[0]?.manifest?.database ?? null;
  // Only a publish adds to the list, and holding the publish lease excludes a concurrent one.
  if (lease.kind === "publish" && (hasNewBase || last?.database !== database)) {
    await forgetDeltas(deps, lease, kept);
  }
  await record(deps, lease, kept);
  tidied.set(queue, { at: clock.now(), database });
}

/** Lets the sweeper remove deltas that no kept generation names. */
async function forgetDeltas(
  { control, shard, generations, log }: TidyDeps,
  lease: Lease,
  kept: Collected["kept"],
): Promise<void> {
  try {
    const overlays = await Promise.all(
      kept.map(async ({ manifest }) => manifest && (await generations.overlayOf(manifest))),
    );
    if (overlays.includes(undefined)) return;
    const named = overlays.flatMap((overlay) =>
      [...(overlay?.values() ?? [])].flatMap((entry) => (entry.gone ? [] : entry.deltaKey)),
    );
    await new NamedDeltas(control, shard).keepOnly(named, lease.token);
  } catch (error) {
    log.warn("Names of unused deltas were not removed", { shard, ...errorFields(error) });
  }
}

/** Feeds only a gauge, so a failure must not fail the cycle. */
async function record(
  { control, shard, generations, log }: TidyDeps,
  lease: Lease,
  kept: Collected["kept"],
): Promise<void> {
  try {
    await recordStoredBytes(control, shard, lease, await storedBytes(generations, kept));
  } catch (error) {
    log.warn("The size of the generations was not recorded", { shard, ...errorFields(error) });
  }
}
