import { parseGenerationName } from "../collections/generations/generation-name.ts";
import {
  GenerationCorruptError,
  type GenerationReader,
} from "../collections/generations/generation-reader.ts";
import { type Head, readHead } from "../collections/generations/head.ts";
import { mirrorKey } from "../collections/lease/collection-key.ts";
import { type Lease, LeaseLostError } from "../collections/lease/lease.ts";
import { underLease } from "../collections/lease/under-lease.ts";
import type { DeltaTarget } from "../collections/merge/check-delta.ts";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { errorFields } from "../log.ts";
import type { Clock } from "../resilience/clock.ts";
import { changedDocuments, type GenerationView, openView, publishedSince } from "./changed-documents.ts";
import { type CompareDeps, type Comparison, compareMirror } from "./compare-mirror.ts";
import { type MirrorState, moveMirror, noteCurrent, readMirror, suspectMirror } from "./mirror-head.ts";
import { replayGeneration } from "./replay-generation.ts";

export interface MirrorDeps extends Omit<CompareDeps, "assertHeld"> {
  readonly target: DeltaTarget;
  readonly deltas: Pick<DeltaStore, "get">;
  readonly generations: GenerationReader;
  readonly leaseMs: number;
  readonly clock: Clock;
}

/**
 * `current`: the mirror contains what was published when it looked. `behind`: the time was up. `nothing`: nothing is
 * published, and nothing was mirrored.
 */
export interface MirrorOutcome {
  readonly state: "current" | "behind" | "nothing";
  /** Number of generations that were replayed. */
  readonly replayed: number;
  /** The last comparison, if there was one. */
  readonly comparison: Comparison | undefined;
}

/** `ifNeeded`: only where replaying is impossible. The others compare in any case. */
export type Comparing = "ifNeeded" | "report" | "repair";

/** A dead holder is replaced after a whole lease. */
const leasesWaited = 1.5;

/**
 * Brings the mirror of a shard to the published generation: replays each generation since its own, or compares the whole
 * mirror where that is impossible. Moves the mirror's head after the writes of a generation, so that a crash repeats
 * them. Throws CollectionBusyError, MirrorOverdueError, MirrorConflictError and LeaseLostError.
 */
export async function mirrorShard(
  deps: MirrorDeps,
  comparing: Comparing = "ifNeeded",
): Promise<MirrorOutcome> {
  const { shard, leaseMs } = deps;
  deps.onStep("lease");
  return underLease({ ...deps, key: mirrorKey(shard) }, leasesWaited * leaseMs, async (lease) => {
    try {
      return await new MirrorRun(deps, lease, comparing).run();
    } catch (error) {
      // A holder that paused may have written after another one had taken the lease.
      await suspectIfLost(deps, lease).catch((later: unknown) =>
        deps.log.error("It is unknown whether the lease of the mirror was lost", {
          shard,
          ...errorFields(later),
        }),
      );
      throw error;
    }
  });
}

async function suspectIfLost({ control, shard }: MirrorDeps, lease: Lease): Promise<void> {
  try {
    await lease.beat();
  } catch (error) {
    if (!(error instanceof LeaseLostError)) throw error;
    await suspectMirror(control, shard, lease.token);
  }
}

class MirrorRun {
  readonly #deps: MirrorDeps & CompareDeps;
  readonly #lease: Lease;
  readonly #comparing: Comparing;
  #view: GenerationView | undefined;
  #replayed = 0;
  #comparison: Comparison | undefined;

  constructor(deps: MirrorDeps, lease: Lease, comparing: Comparing) {
    this.#deps = { ...deps, assertHeld: () => lease.assertHeld() };
    this.#lease = lease;
    this.#comparing = comparing;
  }

  async run(): Promise<MirrorOutcome> {
    const { shard, control, index, now, giveUpAt, onStep } = this.#deps;
    const identity = await index.identity();
    while (now() < giveUpAt) {
      onStep("read the heads");
      const mirror = await readMirror(control, shard);
      const head = await readHead(control.client, control.controlTable, shard);
      if (head === undefined && mirror.head === undefined && this.#comparing === "ifNeeded") {
        return this.#outcome("nothing");
      }
      if (isCurrent(mirror, identity, head)) return this.#finish(mirror, identity);
      const isReplayed = head !== undefined && (await this.#replay(mirror, identity, head));
      if (isReplayed) continue;
      if (this.#comparing === "report") return this.#report();
      await this.#compare(mirror, identity);
      if (head === undefined) return this.#outcome("nothing");
    }
    return this.#outcome("behind");
  }

  async #finish(mirror: MirrorState, identity: string): Promise<MirrorOutcome> {
    const { shard, control, now } = this.#deps;
    if (this.#comparing === "report") return this.#report();
    if (this.#comparing === "repair" && this.#comparison === undefined) await this.#compare(mirror, identity);
    await noteCurrent(control, shard, now());
    return this.#outcome("current");
  }

  /** Replays one generation. Resolves to false if that is impossible. */
  async #replay(mirror: MirrorState, identity: string, head: Head): Promise<boolean> {
    const { generations, log, shard } = this.#deps;
    if (mirror.head === undefined || mirror.head.index !== identity || mirror.suspect !== undefined)
      return false;
    try {
      const names = await publishedSince(generations, mirror.head.name, head.name);
      const [next] = names ?? [];
      if (next === undefined) return false;
      const before =
        this.#view?.name === mirror.head.name ? this.#view : await openView(generations, mirror.head.name);
      const after = await openView(generations, next);
      const changed = changedDocuments(before, after);
      if (changed === undefined || !(await replayGeneration(this.#deps, changed))) return false;
      await this.#move(mirror, next, identity, false);
      this.#view = after;
      this.#replayed += 1;
      return true;
    } catch (error) {
      // Garbage collection may have removed a generation between two reads.
      if (!(error instanceof GenerationCorruptError)) throw error;
      log.warn("A generation cannot be replayed, so the mirror is compared", {
        shard,
        ...errorFields(error),
      });
      return false;
    }
  }

  async #compare(mirror: MirrorState, identity: string): Promise<void> {
    const { shard, log } = this.#deps;
    const comparison = await compareMirror(this.#deps, { isRepair: true });
    const { head, examples, ...counts } = comparison;
    log.info("Mirror compared and repaired", { shard, generation_name: head?.name, ...counts, examples });
    this.#comparison = comparison;
    if (head !== undefined) await this.#move(mirror, head.name, identity, true);
  }

  async #report(): Promise<MirrorOutcome> {
    this.#comparison = await compareMirror(this.#deps, { isRepair: false });
    return this.#outcome("current");
  }

  async #move(from: MirrorState, name: string, index: string, isCompared: boolean): Promise<void> {
    const { shard, control, onStep } = this.#deps;
    onStep("move head");
    const generation = parseGenerationName(name)?.number ?? 0;
    await moveMirror({
      control,
      shard,
      lease: this.#lease,
      from,
      to: { generation, name },
      index,
      isCompared,
    });
    onStep("moved head");
  }

  #outcome(state: MirrorOutcome["state"]): MirrorOutcome {
    return { state, replayed: this.#replayed, comparison: this.#comparison };
  }
}

function isCurrent({ head, suspect }: MirrorState, identity: string, published: Head | undefined): boolean {
  return (
    head !== undefined && head.name === published?.name && head.index === identity && suspect === undefined
  );
}
