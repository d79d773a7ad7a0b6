import { errorFields } from "../../log.ts";
import { type Collected, collectGarbage } from "../generations/collect-garbage.ts";
import type { Head } from "../generations/head.ts";
import { recordStoredBytes, storedBytes } from "../generations/stored-bytes.ts";
import type { Lease } from "../lease/lease.ts";
import { NamedDeltas } from "../segments/named-deltas.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { CycleDeps } from "./cycle-deps.ts";

/** Every file that is looked at takes a round trip to the file system, and what segments take is little. */
const tidyEveryMs = 60_000;
/** When this process has last removed garbage. */
const tidiedAt = new WeakMap<Workspace, number>();

/**
 * Removes what nothing names any more, and records what is left: when there is a new base, else once per minute and
 * process at most.
 */
export async function tidy(
  deps: CycleDeps,
  lease: Lease,
  head: Head,
  { hasNewBase }: { readonly hasNewBase: boolean },
): Promise<void> {
  const { generations, workspace, config, clock, log } = deps;
  const last = tidiedAt.get(workspace);
  if (!hasNewBase && last !== undefined && clock.now() - last < tidyEveryMs) return;
  const { kept } = await collectGarbage(generations, head.name, lease.token, config.garbage, log);
  if (hasNewBase) await forgetDeltas(deps, lease, kept);
  await record(deps, lease, head);
  tidiedAt.set(workspace, clock.now());
}

/** Deltas that no kept generation names any more may be swept. */
async function forgetDeltas(
  { control, shard, generations, log }: CycleDeps,
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
    log.warn("Deltas that nothing names stay noted as named", { shard, ...errorFields(error) });
  }
}

/** For a gauge only: no cycle fails by it. */
async function record(
  { control, shard, generations, log }: CycleDeps,
  { token }: Lease,
  { name }: Head,
): Promise<void> {
  try {
    await recordStoredBytes(control, shard, token, await storedBytes(generations, name));
  } catch (error) {
    log.warn("The size of the generations was not recorded", { shard, ...errorFields(error) });
  }
}
