import { type DocumentRef, documentModel } from "../../documents/documents.ts";
import { errorFields, runFields } from "../../log.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import { unlessAborted } from "../../resilience/unless-aborted.ts";
import { ItemUnreadableError } from "../../unreadable-item.ts";
import { foldDue } from "../generations/fold-due.ts";
import { type Head, readHead } from "../generations/head.ts";
import { manifestFile } from "../generations/manifest.ts";
import type { Lease } from "../lease/lease.ts";
import type { QueuedMessage } from "../messages/collection-queue.ts";
import {
  type DocumentWork,
  messagesOf,
  type RunWork,
  type StartedDocument,
} from "../messages/document-work.ts";
import { drain } from "../messages/drain.ts";
import { FailedMessages } from "../messages/failed-messages.ts";
import type { FoldRequest } from "../messages/fold-request.ts";
import type { MessagesInFlight } from "../messages/messages-in-flight.ts";
import { ReadChanges, readMessages } from "../messages/read-messages.ts";
import { admit } from "../publish/admit.ts";
import { openPublished } from "../publish/published-state.ts";
import type { BaseWriter, CycleDeps, Done, Step } from "./cycle-deps.ts";
import type { CycleStop } from "./cycle-stop.ts";
import { publishChanges } from "./publish-changes.ts";
import { startDocuments } from "./start-documents.ts";
import type { StepTimes } from "./step-times.ts";
import { tidy } from "./tidy.ts";
import type { Timetable } from "./timetable.ts";

const runsAtOnce = 16;
/**
 * A cycle that has this many new runs drains no further, and the next one takes the rest: their deltas are read by the
 * cycle and by every reader, for which changes that come in the meantime wait. Some 60 MiB with documents of 150 vectors.
 */
const maxNewRuns = 64;
/** From these steps on little is left to do, and abandoning the cycle would only repeat work. */
const afterPublishing: readonly Step[] = ["acknowledge", "collect garbage", "release"];

/** Additional work of a cycle that writes a base on behalf of a fold. */
export interface Repair {
  /** Documents whose vectors are compared with the current facts even if they appear to be published. */
  readonly documents: readonly DocumentRef[];
}

/** A cycle that holds the lease of its shard. */
export class LeasedCycle {
  /** Bytes that the new generation does not share with its predecessor. */
  bytesWritten = 0;
  readonly #deps: CycleDeps;
  readonly #lease: Lease;
  readonly #stop: CycleStop;
  readonly #messages: MessagesInFlight;
  readonly #failed: FailedMessages;
  readonly #time: Timetable;
  readonly #times: StepTimes;
  readonly #repair: Repair | undefined;
  readonly #changes = new ReadChanges();
  #head: Head | undefined;
  #merged: Done | undefined;
  /** A base was written, so older ones may be garbage. */
  #hasWrittenBase = false;
  /**
   * The head cannot be read as published, so the files it names are unknown and nothing is collected before a repair.
   */
  #isHeadUnsound = false;
  #isRepairAsked = false;

  constructor(
    deps: CycleDeps,
    { lease, stop }: { readonly lease: Lease; readonly stop: CycleStop },
    messages: MessagesInFlight,
    times: { readonly time: Timetable; readonly steps: StepTimes },
    repair?: Repair,
  ) {
    this.#deps = deps;
    this.#lease = lease;
    this.#stop = stop;
    this.#messages = messages;
    this.#time = times.time;
    this.#times = times.steps;
    this.#repair = repair;
    const { maxFailures } = deps.config;
    this.#failed = new FailedMessages({ ...deps, maxFailures, token: lease.token, messages });
  }

  async run(): Promise<void> {
    const { control, shard, base } = this.#deps;
    this.#head = await readHead(control.client, control.controlTable, shard);
    await this.#drain(this.#head);
    this.#step("start runs");
    const works = await readMessages(shard, this.#messages.open(), this.#failed, this.#changes);
    if (base) await this.#writeBase(base, works);
    else if (works.length > 0) await this.#publish(works);
    await this.#acknowledge();
    this.#step("collect garbage");
    if (this.#head && !this.#isHeadUnsound) {
      await tidy(this.#deps, this.#lease, { hasNewBase: this.#hasWrittenBase });
    }
    this.#step("release");
  }

  async #drain(head: Head | undefined): Promise<void> {
    this.#step("drain");
    const { queue, generations, clock, config, log, base } = this.#deps;
    const age = head && (await generations.ageOf(head.name, manifestFile));
    const atLeastUntil = clock.now() + config.minPublishIntervalMs - (age ?? config.minPublishIntervalMs);
    const runsIn = (messages: readonly QueuedMessage[]) =>
      messages.filter((message) => this.#changes.announcesRun(message)).length;
    let newRuns = runsIn(this.#messages.open());
    const limits = {
      messages: config.drainMessages,
      bytes: config.drainBytes,
      until: Math.min(Math.max(clock.now() + config.drainMs, atLeastUntil), this.#time.drainUntil),
      atLeastUntil,
      isEnough: () => base === undefined && newRuns >= maxNewRuns,
      hiddenSeconds: Math.ceil(config.leaseMs / 1000),
      signal: this.#stop.signal,
    };
    const take = (received: readonly QueuedMessage[]) => {
      this.#messages.take(received);
      newRuns += runsIn(received);
    };
    await drain(queue, clock, limits, take).catch((error: Error) =>
      log.warn("The queue was not drained completely", { shard: this.#deps.shard, ...errorFields(error) }),
    );
  }

  #start(works: readonly DocumentWork[]): Promise<StartedDocument[]> {
    const deps = {
      ...this.#deps,
      token: this.#lease.token,
      confirmLease: () => this.#lease.beat(),
      messages: this.#messages,
      failed: this.#failed,
    };
    return unlessAborted(() => startDocuments(deps, this.#deps.shard, works), this.#stop.signal);
  }

  /**
   * Publishes segments, whose cost depends only on the number of changes. Changes of what is published come first, in a
   * generation of their own, so that they do not wait for the deltas of new runs.
   */
  async #publish(all: readonly DocumentWork[]): Promise<void> {
    const parts = [all.filter(({ runs }) => runs.length === 0), all.filter(({ runs }) => runs.length > 0)];
    for (const works of parts) {
      if (works.length > 0) await this.#publishSegment(works);
      if (this.#isHeadUnsound) return;
    }
    if (!this.#isRepairAsked) await this.#askWhereDue();
  }

  /** Changes that a segment cannot express wait for a fold. */
  async #publishSegment(all: readonly DocumentWork[]): Promise<void> {
    const { shard, config, log } = this.#deps;
    const head = this.#head;
    const published = await unlessAborted(() => openPublished(this.#deps, head), this.#stop.signal);
    if (published === undefined) {
      log.warn("Nothing can be published above the head; a repair is requested", {
        shard,
        generation_name: this.#head?.name,
      });
      this.#isHeadUnsound = true;
      await this.#ask({ shard, reason: "repair", found: this.#head?.name ?? null });
      return;
    }
    const { works, heldBack } = admit(all, published, config.fold.maxOverlayVectors);
    this.#holdBack(heldBack.flatMap(messagesOf));
    const documents = await this.#start(works);
    if (documents.length === 0) return;
    this.#step("read deltas");
    const deps = { ...this.#deps, onStep: (step: Step) => this.#step(step), failed: this.#failed };
    const { applyUntil } = this.#time;
    const done = await publishChanges(deps, this.#lease, this.#head, published, documents, applyUntil);
    this.#head = done.head;
    this.bytesWritten += done.bytesWritten;
    this.#merged = bothDone(this.#merged, done);
    this.#holdBack(done.heldBack);
    if (done.inBaseAlone.length > 0) {
      this.#isRepairAsked = true;
      const found = published.database;
      await this.#ask({ shard, reason: "repair", found, documents: done.inBaseAlone });
    }
  }

  #holdBack(messages: readonly QueuedMessage[]): void {
    const { metrics } = this.#deps;
    if (messages.length === 0) return;
    this.#messages.holdBack(messages);
    metrics.count("MessagesHeldBack", messages.length);
  }

  async #askWhereDue(): Promise<void> {
    const { shard, config } = this.#deps;
    const overlay = this.#head?.overlay;
    const isFull = this.#messages.open().some((message) => this.#messages.isHeldBack(message));
    const reason = foldDue(overlay, config.fold) ?? (isFull ? "overlay" : undefined);
    if (reason) await this.#ask({ shard, reason, found: overlay?.database ?? null });
  }

  /** A lost request is harmless: the next publish or the sweeper repeats it. */
  async #ask(request: FoldRequest): Promise<void> {
    const { shard, folds, log } = this.#deps;
    try {
      await folds.ask(request);
    } catch (error) {
      log.warn("A fold request could not be sent", { shard, ...errorFields(error) });
    }
  }

  async #writeBase(base: BaseWriter, works: readonly DocumentWork[]): Promise<void> {
    const started = await this.#start(works);
    const documents = [...started, ...(await this.#doubted(started))];
    if (documents.length === 0 && this.#repair === undefined) return;
    const written = await base.write({
      deps: this.#deps,
      workspace: base.workspace,
      lease: this.#lease,
      head: this.#head,
      documents,
      failed: this.#failed,
      until: this.#time.applyUntil,
      step: (step) => this.#step(step),
    });
    this.#head = written.head;
    this.#merged = written.done;
    this.bytesWritten = written.bytesWritten;
    this.#hasWrittenBase = written.hasWrittenBase;
    this.#isHeadUnsound = written.isRebuilding ?? false;
  }

  async #doubted(started: readonly StartedDocument[]): Promise<StartedDocument[]> {
    const there = new Set(started.map(({ document }) => documentModel.keyOf(document)));
    const others = (this.#repair?.documents ?? []).filter(
      (document) => !there.has(documentModel.keyOf(document)),
    );
    return Promise.all(
      others.map(async (document) => ({
        document,
        run: undefined,
        current: await this.#deps.runs.current(document),
        changeMessages: [],
        isDoubted: true,
      })),
    );
  }

  /** After the head has moved, a failure affects only its own message: it is redelivered and found to be published. */
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
      if (moved === "fenced") log.info("A run was reopened in the meantime", { shard, ...runFields(run) });
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

  /** Runs before every step. Throws if the lease is lost or the process is stopping. */
  #step(step: Step): void {
    this.#times.begin(step);
    this.#deps.onStep(step);
    if (afterPublishing.includes(step)) this.#stop.finish();
    else this.#stop.signal.throwIfAborted();
    this.#lease.assertHeld();
  }
}

function bothDone(one: Done | undefined, other: Done): Done {
  if (one === undefined) return other;
  return {
    runs: new Map([...one.runs, ...other.runs]),
    changeMessages: [...one.changeMessages, ...other.changeMessages],
  };
}
