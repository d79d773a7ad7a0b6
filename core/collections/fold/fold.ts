import type { ShardName } from "../../../contract/collections.ts";
import { documentModel } from "../../documents/documents.ts";
import { errorFields } from "../../log.ts";
import { unlessAborted } from "../../resilience/unless-aborted.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import { baseWriter } from "../base/base-cycle.ts";
import { type BaseStart, openBaseStart } from "../base/base-start.ts";
import { mergeBase } from "../base/merge-base.ts";
import { type MergedBase, settledStates } from "../base/overlay-work.ts";
import { beatOrStop, runCycle } from "../cycle/cycle.ts";
import type { Step } from "../cycle/cycle-deps.ts";
import { CycleAbandonedError, CycleStop } from "../cycle/cycle-stop.ts";
import { StepTimes } from "../cycle/step-times.ts";
import { tidy } from "../cycle/tidy.ts";
import { foldDue } from "../generations/fold-due.ts";
import { generationName } from "../generations/generation-name.ts";
import { type Head, readHead } from "../generations/head.ts";
import { Heartbeat } from "../lease/heartbeat.ts";
import { acquireLease, type Lease } from "../lease/lease.ts";
import type { FoldRequest } from "../messages/fold-request.ts";
import { openPublished } from "../publish/published-state.ts";
import { nextIndex } from "../segments/next-index.ts";
import { countOver, type Overlay, overlayOf } from "../segments/overlay.ts";
import type { FoldDeps } from "./fold-deps.ts";
import { type FoldedBase, publishFold } from "./publish-fold.ts";

/** A fold could not merge any of the segments into the next base. */
export class FoldStuckError extends VectorkeepError {
  constructor(shard: ShardName, entries: number) {
    super(
      `A fold of ${shard} wrote no base: none of the ${entries} ${documentModel.noun}s above it can be merged into it.`,
      "The log names each with the reason. `npm run verify -- --repair` embeds those again whose deltas are lost.",
    );
  }
}

/** The share of the time for merging; the rest is for verifying, writing and publishing. */
const shareForMerging = 0.6;

/**
 * `nothing`: there was nothing to fold. `busy`: another process holds the fold lease, or the publish lease that a
 * repair needs. `unfinished`: the next call continues a rebuild.
 */
export type FoldOutcome = "folded" | "repaired" | "nothing" | "busy" | "unfinished";

/**
 * Merges the segments above the base of a shard into the next base, while publishing continues under its own lease. If
 * the head is not sound it is repaired, which needs the publish lease too. Ends by `deadline`, a time of the clock.
 * Rejects with any failure, such as FoldStuckError; then nothing is published and the request must be redelivered.
 */
export async function foldShard(
  given: FoldDeps,
  request: Pick<FoldRequest, "reason" | "found" | "documents">,
  deadline: number,
): Promise<FoldOutcome> {
  const stop = new CycleStop(given.shard, given.over);
  const deps = { ...given, signal: stop.signal };
  const { shard, control, config, clock, log, metrics, workspace } = deps;
  deps.onStep("lease");
  stop.signal.throwIfAborted();
  const lease = await acquireLease(
    { ...control, shard, clock, leaseMs: config.leaseMs, kind: "fold" },
    { waitMs: config.leaseWaitMs, maxWaitMs: (deadline - clock.now()) / 4, signal: stop.signal },
  );
  if (lease === undefined) {
    metrics.count("CyclesContended", 1);
    log.info("Another process folds the shard", { shard });
    return "busy";
  }
  const beat = async () => {
    await beatOrStop(lease, stop);
    await deps.beat?.();
  };
  const heartbeat = new Heartbeat(beat, config.leaseMs, clock, log);
  try {
    return await new Fold(deps, { lease, stop }, deadline).run(request);
  } catch (error) {
    if (!(error instanceof CycleAbandonedError)) metrics.count("FoldsFailed", 1);
    await workspace
      .discard()
      .catch((left) => log.warn("Scratch files were not removed", { shard, ...errorFields(left) }));
    throw error;
  } finally {
    stop.finish();
    await heartbeat.stop();
    await lease
      .release()
      .catch((left) => log.warn("The lease of the fold was not released", { shard, ...errorFields(left) }));
  }
}

class Fold {
  readonly #deps: FoldDeps;
  readonly #lease: Lease;
  readonly #stop: CycleStop;
  readonly #deadline: number;
  readonly #times: StepTimes;

  constructor(
    deps: FoldDeps,
    { lease, stop }: { readonly lease: Lease; readonly stop: CycleStop },
    deadline: number,
  ) {
    this.#deps = deps;
    this.#lease = lease;
    this.#stop = stop;
    this.#deadline = deadline;
    this.#times = new StepTimes(deps.clock);
  }

  async run(request: Pick<FoldRequest, "reason" | "found" | "documents">): Promise<FoldOutcome> {
    try {
      return await this.#answer(request);
    } catch (error) {
      this.#times.fail(error);
      throw error;
    }
  }

  async #answer({ reason, found, documents = [] }: Pick<FoldRequest, "reason" | "found" | "documents">) {
    const { control, shard, config } = this.#deps;
    const head = await readHead(control.client, control.controlTable, shard);
    if (head === undefined) return "nothing";
    const published = await unlessAborted(() => openPublished(this.#deps, head), this.#stop.signal);
    if (published === undefined || documents.length > 0) return this.#repair(documents);
    const isAsked = reason !== "repair" && found === published.database;
    if (published.overlay.size === 0 || !(isAsked || foldDue(head.overlay, config.fold))) return "nothing";
    return this.#fold(head);
  }

  /** Takes the publish lease as well, because a repair may change the content. */
  async #repair(documents: NonNullable<FoldRequest["documents"]>): Promise<FoldOutcome> {
    const { control, shard, workspace } = this.#deps;
    const deps = { ...this.#deps, base: baseWriter(workspace) };
    const { state } = await runCycle(deps, [], this.#deadline, { documents });
    if (state === "contended") return "busy";
    const head = await readHead(control.client, control.controlTable, shard);
    return (await openPublished(this.#deps, head)) === undefined ? "unfinished" : "repaired";
  }

  async #fold(head: Head): Promise<FoldOutcome> {
    const { shard, workspace, clock, log, metrics } = this.#deps;
    const copiedBefore = workspace.bytesCopied;
    const until = clock.now() + shareForMerging * (this.#deadline - clock.now());
    this.#step("materialise");
    const start = await openBaseStart(this.#deps, head);
    if (start === undefined || start.name !== head.name || start.isOnlyCopy) {
      await workspace.close();
      return this.#repair([]);
    }
    this.#step("apply");
    const merged = await mergeBase(
      { ...this.#deps, onVerify: () => this.#step("verify"), onLeftOut: async () => undefined },
      start,
      [],
      until,
    );
    const settled = settledEntries(start.overlay, overlayOf([merged.carried]));
    // A further base would be equal to this one, and the next fold would be due at once.
    if (settled.size === 0) throw new FoldStuckError(shard, start.overlay.size);
    const folded = await this.#write(head, start, merged, settled);
    this.#step("move head");
    const published = await publishFold(this.#deps, this.#lease, head, folded);
    workspace.keep(folded.name);
    metrics.count("BasesWritten", 1);
    this.#step("collect garbage");
    await tidy(this.#deps, this.#lease, { hasNewBase: true });
    await this.#askAgain(published.head);
    this.#step("release");
    log.info("Base written", {
      shard,
      base: folded.name,
      generation: published.head.generation,
      generation_name: published.head.name,
      vectors: merged.count,
      written: merged.written,
      updated: merged.updated,
      removed: merged.removed,
      attempt: published.attempts,
      bytes_copied: workspace.bytesCopied - copiedBefore,
      bytes_written: folded.bytesWritten,
      duration_ms_by_step: this.#times.end(),
    });
    return "folded";
  }

  async #write(head: Head, start: BaseStart, merged: MergedBase, settled: Overlay): Promise<FoldedBase> {
    const { shard, target, generations, workspace, log, metrics } = this.#deps;
    const { model, dimensions, collection } = target;
    const { carried, count: databaseCount } = merged;
    const index = await nextIndex(merged.store, start.index, settledStates(collection, merged, start.index));
    await workspace.close();
    this.#step("write generation");
    const name = generationName(head.generation + 1, this.#lease.token);
    const segments = carried.length > 0 ? [await generations.segments.write(name, carried)] : [];
    const shown = { name, base: head.name, model, dimensions, documents: [] };
    const count = countOver({ count: databaseCount, index }, overlayOf([carried]));
    const made = { ...shown, count, databaseCount, index, segments };
    const { bytesWritten, mismatched } = await unlessAborted(
      () => generations.write(workspace.folder, made),
      this.#stop.signal,
    );
    if (mismatched.length > 0) {
      metrics.count("ManifestMismatches", 1);
      log.error("Files of the base do not match its manifest; they were copied, not linked", {
        shard,
        base: head.name,
        mismatched_files: mismatched,
      });
    }
    const from = start.database ?? null;
    return { name, from, index, databaseCount, settled, carried, segments, bytesWritten };
  }

  /** Enough may have been published in the meantime for another fold. */
  async #askAgain({ overlay }: Head): Promise<void> {
    const { shard, folds, config, log } = this.#deps;
    const reason = foldDue(overlay, config.fold);
    if (reason === undefined) return;
    await folds
      .ask({ shard, reason, found: overlay?.database ?? null })
      .catch((error) => log.warn("A fold request could not be sent", { shard, ...errorFields(error) }));
  }

  /** Runs before every step. Throws if the lease is lost or the process is stopping. */
  #step(step: Step): void {
    this.#times.begin(step);
    this.#deps.onStep(step);
    if (step === "collect garbage" || step === "release") this.#stop.finish();
    else this.#stop.signal.throwIfAborted();
    this.#lease.assertHeld();
  }
}

/** The entries that were merged into the new base. */
function settledEntries(overlay: Overlay, carried: Overlay): Overlay {
  return new Map([...overlay].filter(([key]) => !carried.has(key)));
}
