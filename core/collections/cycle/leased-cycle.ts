import { errorFields, receiptFields, runFields } from "../../log.ts";
import { type ReceiptRef, receiptKey } from "../../receipts/receipt.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import { redriveReceipt } from "../../runs/redrive-receipt.ts";
import { ItemUnreadableError } from "../../unreadable-item.ts";
import { generationName, type Head, moveHead, readHead } from "../generations/head.ts";
import { manifestFile } from "../generations/manifest.ts";
import { type Lease, LeaseLostError } from "../lease/lease.ts";
import { mergeReceipts } from "../merge/merge-receipts.ts";
import { drain } from "../messages/drain.ts";
import { FailedMessages } from "../messages/failed-messages.ts";
import type { MessagesInFlight } from "../messages/messages-in-flight.ts";
import { readMessages } from "../messages/read-messages.ts";
import type { RunWork, StartedReceipt } from "../messages/receipt-work.ts";
import { rebuild } from "../rebuild/rebuild.ts";
import { nextIndex } from "../segments/next-index.ts";
import { countOver, overlayOf } from "../segments/overlay.ts";
import { CycleAbandonedError } from "./abandonable.ts";
import type { CycleDeps, Step } from "./cycle-deps.ts";
import { type CycleStart, openCycleStart } from "./cycle-start.ts";
import { isolate } from "./isolate.ts";
import { type MergedBase, ownOf, settledStates, withOverlay } from "./overlay-work.ts";
import { type Done, publishChanges, receiptsLogged, reportPublished } from "./publish-changes.ts";
import { startReceipts } from "./start-receipts.ts";
import type { StepTimes } from "./step-times.ts";
import { tidy } from "./tidy.ts";
import type { Timetable } from "./timetable.ts";

const runsAtOnce = 16;
/** A receipt that is alone in its cycle is blamed for the failure of a third cycle, and not of the first. */
const receivesBeforeBlame = 3;
const diskErrors = ["ENOSPC", "EDQUOT", "EIO", "EROFS", "ESTALE", "EMFILE"];

/** A cycle under its lease. */
export class LeasedCycle {
  /** Bytes that the new generation does not share with the one before. */
  bytesWritten = 0;
  readonly #deps: CycleDeps;
  readonly #lease: Lease;
  readonly #messages: MessagesInFlight;
  readonly #failed: FailedMessages;
  readonly #time: Timetable;
  readonly #times: StepTimes;
  #head: Head | undefined;
  #merged: Done | undefined;
  /** A base was written, so that older ones may be garbage by now. */
  #hasWrittenBase = false;
  /** No generation is sound, and the next cycle goes on with the rebuild. */
  #isRebuilding = false;

  constructor(deps: CycleDeps, lease: Lease, messages: MessagesInFlight, time: Timetable, times: StepTimes) {
    this.#deps = deps;
    this.#lease = lease;
    this.#messages = messages;
    this.#time = time;
    this.#times = times;
    const { maxFailures } = deps.config;
    this.#failed = new FailedMessages({ ...deps, maxFailures, token: lease.token, messages });
  }

  async run(): Promise<void> {
    const { control, shard } = this.#deps;
    this.#head = await readHead(control.client, control.controlTable, shard);
    await this.#drain(this.#head);
    const receipts = await this.#startReceipts();
    if (receipts.length > 0) await this.#publishAll(receipts);
    await this.#acknowledge();
    this.#step("collect garbage");
    if (this.#head && !this.#isRebuilding) {
      await tidy(this.#deps, this.#lease, this.#head, { hasNewBase: this.#hasWrittenBase });
    }
    this.#step("release");
  }

  async #drain(head: Head | undefined): Promise<void> {
    this.#step("drain");
    const { queue, generations, clock, config, log } = this.#deps;
    const age = head && (await generations.ageOf(head.name, manifestFile));
    const atLeastUntil = clock.now() + config.minPublishIntervalMs - (age ?? config.minPublishIntervalMs);
    const limits = {
      messages: config.drainMessages,
      bytes: config.drainBytes,
      until: Math.min(Math.max(clock.now() + config.drainMs, atLeastUntil), this.#time.drainUntil),
      atLeastUntil,
      hiddenSeconds: Math.ceil(config.leaseMs / 1000),
    };
    await drain(queue, clock, limits, (received) => this.#messages.take(received)).catch((error: Error) =>
      log.warn("The queue was not drained to its end", { shard: this.#deps.shard, ...errorFields(error) }),
    );
  }

  async #startReceipts(): Promise<StartedReceipt[]> {
    this.#step("start runs");
    const { shard } = this.#deps;
    const { token } = this.#lease;
    const deps = {
      ...this.#deps,
      token,
      confirmLease: () => this.#lease.beat(),
      messages: this.#messages,
      failed: this.#failed,
    };
    const works = await readMessages(shard, this.#messages.open(), this.#failed);
    return startReceipts(deps, shard, works);
  }

  /** As a segment, which costs by what has changed, or by the next base. */
  async #publishAll(receipts: readonly StartedReceipt[]): Promise<void> {
    const { config } = this.#deps;
    if (config.foldVectors === 0) return this.#makeGeneration(receipts);
    this.#step("read deltas");
    const published = await publishChanges(
      { ...this.#deps, onStep: (step: Step) => this.#step(step), failed: this.#failed },
      this.#lease,
      this.#head,
      receipts,
      this.#time.applyUntil,
    );
    if (published === undefined) return this.#makeGeneration(receipts);
    this.#head = published.head;
    this.bytesWritten = published.bytesWritten;
    this.#merged = published;
  }

  /** Publishes nothing where the shard holds all of it already. */
  async #makeGeneration(receipts: readonly StartedReceipt[]): Promise<void> {
    const { workspace, log, metrics } = this.#deps;
    this.#step("materialise");
    const cycleStart = (await openCycleStart(this.#deps, this.#head)) ?? (await this.#rebuiltCycleStart());
    if (cycleStart === undefined) return;
    const head = this.#head;
    this.#step("apply");
    const merged = await this.#merge(cycleStart, receipts);
    this.#merged = merged;
    const { written, updated, removed, count } = merged;
    log.info("Changes merged", {
      shard: this.#deps.shard,
      deltas: merged.runs.size,
      changes: merged.changeMessages.length,
      written,
      updated,
      removed,
      vectors: count,
    });
    metrics.count("VectorsWritten", written);
    metrics.count("VectorsUpdated", updated);
    metrics.count("VectorsRemoved", removed);
    const isHead = cycleStart.name === head?.name && !cycleStart.isOnlyCopy;
    const isBase = cycleStart.overlay.size === 0 && cycleStart.index !== undefined;
    if (written + updated + removed > 0 || !isHead || !isBase) {
      this.#head = await this.#publish(head, cycleStart, merged);
      return;
    }
    await workspace.close();
    if (cycleStart.database !== undefined) workspace.keep(cycleStart.database);
  }

  /**
   * No generation is sound: the shard is rebuilt from its deltas and published, and then takes the messages. Undefined
   * where the time is over before that: all messages are redelivered, and their cycle goes on from the checkpoint.
   */
  async #rebuiltCycleStart(): Promise<CycleStart | undefined> {
    const { shard, generations, workspace, log } = this.#deps;
    this.#step("rebuild");
    const rebuilt = await rebuild(this.#deps, this.#lease, this.#head, {
      until: this.#time.applyUntil,
      publishesWithout: async () => true,
      onStep: (step) => this.#deps.onStep(`rebuild: ${step}`),
    });
    if (rebuilt.state === "unfinished") {
      const { done, known } = rebuilt;
      this.#isRebuilding = true;
      log.info("The rebuild goes on in the next cycle", { shard, receipts_done: done, receipt_count: known });
      return undefined;
    }
    this.#head = rebuilt.head;
    this.#step("materialise");
    const { name } = rebuilt.head;
    const index = await generations.indexOf(await generations.manifest(name));
    const store = await workspace.open(name);
    return { store, name, database: name, overlay: new Map(), index, lost: [], isOnlyCopy: false };
  }

  /**
   * Merges what can be merged, and what is above the base too; a receipt that makes the others fail is left out, and the
   * failure is its own.
   */
  async #merge(cycleStart: CycleStart, receipts: readonly StartedReceipt[]): Promise<MergedBase> {
    const { workspace, clock, log } = this.#deps;
    const work = withOverlay(cycleStart.overlay, receipts, this.#deps.items);
    const deps = { ...this.#deps, items: work.facts };
    let store: CycleStart["store"] | undefined = cycleStart.store;
    const { outcome, poisonMessages } = await isolate(work.items, {
      attempt: async (some) => {
        const attempted = store ?? (await workspace.open(cycleStart.database));
        store = undefined;
        const merged = await mergeReceipts(deps, attempted, some, this.#time.applyUntil, () =>
          this.#step("verify"),
        );
        return { merged, store: attempted };
      },
      isSharedError: (failure) =>
        failure instanceof LeaseLostError || failure instanceof CycleAbandonedError || isOfTheDisk(failure),
      mayGoOn: () => clock.now() < this.#time.applyUntil,
      canBisect: (item) => work.isUntouched(item) || receivesOf(item) >= receivesBeforeBlame,
    });
    const own = new Map(receipts.map((one) => [receiptKey(one.receipt), one]));
    const failures = [
      ...Array.from(outcome.merged.mismatched, ([{ run }, reason]) => [run, reason] as const),
      ...Array.from(poisonMessages, ([{ receipt }, reason]) => [receipt, reason] as const),
    ];
    for (const [receipt, reason] of failures) {
      log.error("A receipt cannot be merged into the base and is left out", {
        shard: this.#deps.shard,
        ...receiptFields(receipt),
        ...errorFields(reason),
      });
      const one = own.get(receiptKey(receipt));
      if (one) await this.#failed.ofReceipt(one, String(reason));
    }
    return { ...ownOf(work, receipts, outcome.merged, cycleStart.overlay), store: outcome.store };
  }

  async #publish(from: Head | undefined, cycleStart: CycleStart, merged: MergedBase): Promise<Head> {
    const { shard, control, target, generations, workspace, log, metrics } = this.#deps;
    const { model, dimensions, collection } = target;
    const generation = (from?.generation ?? 0) + 1;
    const name = generationName(generation, this.#lease.token);
    const base = cycleStart.name ?? null;
    const index = await nextIndex(
      merged.store,
      cycleStart.index,
      settledStates(collection, merged, cycleStart.index),
    );
    await workspace.close();
    await this.#redriveLost(cycleStart.lost);
    this.#step("write generation");
    const { count: databaseCount, carried, receipts } = merged;
    const count = countOver({ count: databaseCount, index }, overlayOf([carried]));
    const segments = carried.length > 0 ? [await generations.segments.write(name, carried)] : [];
    const made = { name, base, model, dimensions, count, databaseCount, receipts, index, segments };
    const { bytesWritten, mismatched } = await generations.write(workspace.folder, made);
    this.bytesWritten = bytesWritten;
    this.#hasWrittenBase = true;
    if (mismatched.length > 0) {
      metrics.count("ManifestMismatches", 1);
      log.error("Files of the base do not match its manifest; they were copied, not linked", {
        shard,
        base,
        mismatched_files: mismatched,
      });
    }
    this.#step("move head");
    const to = { generation, name, base };
    const head = await moveHead({ ...control, shard, lease: this.#lease, from, to });
    workspace.keep(name);
    reportPublished(this.#deps, head, {
      vectors: count,
      receipts: receipts.slice(0, receiptsLogged).map(receiptKey),
    });
    return head;
  }

  /** Runs before anything is published without them: a crash in between only rebuilds them twice. */
  async #redriveLost(lost: readonly ReceiptRef[]): Promise<void> {
    const time = new Date().toISOString();
    await inParallel(lost, runsAtOnce, async (receipt) => {
      try {
        await redriveReceipt(this.#deps, receipt, time);
      } catch (error) {
        // One whose items nobody can read would keep all others from ever being published; verify names it.
        if (!(error instanceof ItemUnreadableError)) throw error;
        this.#deps.log.error("A receipt of a corrupt generation cannot be rebuilt", {
          shard: this.#deps.shard,
          ...receiptFields(receipt),
          ...errorFields(error),
        });
      }
    });
  }

  /** Past the publishing a failure concerns its own message only, which is redelivered and found done. */
  async #acknowledge(): Promise<void> {
    this.#step("acknowledge");
    await inParallel(this.#merged?.runs ?? [], runsAtOnce, ([work, vectors]) =>
      this.#complete(work, vectors),
    );
    this.#messages.finish(this.#merged?.changeMessages ?? []);
    await this.#deps.queue.delete(this.#messages.doneAndDrained());
  }

  async #complete(work: RunWork, vectors: number): Promise<void> {
    const { shard, runs, log } = this.#deps;
    const { run, messages } = work;
    try {
      const moved = await runs.complete(run, shard, this.#lease.token, vectors);
      if (moved === "fenced") log.info("A run was reopened meanwhile", { shard, ...runFields(run) });
      this.#messages.finish(messages);
    } catch (error) {
      log.error("A run could not be completed; its messages are redelivered", {
        shard,
        ...runFields(run),
        ...errorFields(error),
      });
      if (error instanceof ItemUnreadableError) await this.#failed.ofMessages(messages, error.message);
    }
  }

  /** Before every step: the lease is still this cycle's. */
  #step(step: Step): void {
    this.#times.begin(step);
    this.#deps.onStep(step);
    this.#lease.assertHeld();
  }
}

function isOfTheDisk(failure: unknown): boolean {
  return failure instanceof Error && diskErrors.includes((failure as NodeJS.ErrnoException).code ?? "");
}

function receivesOf({ run, changeMessages }: StartedReceipt): number {
  return Math.max(...[...(run?.messages ?? []), ...changeMessages].map(({ receives }) => receives));
}
