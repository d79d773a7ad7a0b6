import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { DeltaStore } from "../deltas/delta-store.ts";
import type { CurrentItems } from "../entities/current-items.ts";
import type { Log } from "../log.ts";
import type { ReceiptRef } from "../receipts/receipt.ts";
import type { ShardName } from "../receipts/shards.ts";
import type { RunStore } from "../runs/run-store.ts";
import type { DeltaTarget } from "./check-delta.ts";
import type { Clock } from "./clock.ts";
import { collectGarbage, type GarbageRules } from "./collect-garbage.ts";
import type { CollectionQueue, QueuedMessage } from "./collection-queue.ts";
import { drain } from "./drain.ts";
import { FailedMessages } from "./failed-messages.ts";
import type { FailureLedger } from "./failure-ledger.ts";
import type { Generations } from "./generations.ts";
import { generationName, type Head, moveHead, readHead } from "./head.ts";
import { Heartbeat } from "./heartbeat.ts";
import { inParallel } from "./in-parallel.ts";
import { acquireLease, type Lease } from "./lease.ts";
import { manifestFile } from "./manifest.ts";
import { type Merged, mergeReceipts } from "./merge-receipts.ts";
import { MessagesInFlight } from "./messages-in-flight.ts";
import { readMessages } from "./read-messages.ts";
import type { StartedReceipt } from "./receipt-work.ts";
import { startReceipts } from "./start-receipts.ts";
import type { Workspace } from "./workspace.ts";

export interface CycleSettings {
  readonly leaseMs: number;
  /** How long a contender waits for a living holder. */
  readonly leaseWaitMs: number;
  /** Messages taken beyond those delivered, and for how long. */
  readonly drainMessages: number;
  readonly drainMs: number;
  readonly minPublishIntervalMs: number;
  readonly maxFailures: number;
  readonly garbage: GarbageRules;
}

/** What a cycle works with: one shard's. */
export interface CycleParts {
  readonly shard: ShardName;
  /** The collection, and the model and dimensions that its deltas must have. */
  readonly target: DeltaTarget;
  readonly settings: CycleSettings;
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  readonly runs: RunStore;
  readonly deltas: DeltaStore;
  readonly items: CurrentItems;
  readonly queue: CollectionQueue;
  readonly ledger: FailureLedger;
  readonly generations: Generations;
  readonly workspace: Workspace;
  readonly clock: Clock;
  readonly log: Log;
  /** Told before each step; what it throws ends the cycle as a failure of that step would. */
  readonly onStep: (step: Step) => void;
}

export const steps = [
  "lease",
  "drain",
  "start runs",
  "materialise",
  "apply",
  "verify",
  "write generation",
  "move head",
  "acknowledge",
  "collect garbage",
  "release",
] as const;
export type Step = (typeof steps)[number];

const beatsALease = 3;
/** Messages that come again are hidden for so long. */
const handBackSeconds = 5;
/** Doubled with every receive: the queue's hundred receives have to outlast an outage of what the cycle needs. */
const longestHandBackSeconds = 900;
const runsAtOnce = 16;

/**
 * Takes the delivered messages, and what else is queued, into one new generation of the shard.
 * Resolves to the delivered messages that have to come again. After a failure all that is not acknowledged comes
 * again, and nothing is published unless the failure came after the head had moved.
 * `deadline` is a moment of the clock by which the cycle must be over.
 */
export async function runCycle(
  parts: CycleParts,
  delivered: readonly QueuedMessage[],
  deadline: number,
): Promise<readonly QueuedMessage[]> {
  const { shard, settings, queue, clock, log, onStep } = parts;
  const began = clock.now();
  const time = timetable(began, deadline);
  const messages = new MessagesInFlight(delivered);
  const hiddenSeconds = Math.ceil(settings.leaseMs / 1000);
  let lease: Lease | undefined;
  let failed = false;
  await queue.hide(delivered, hiddenSeconds);
  const heartbeat = new Heartbeat(
    async () => {
      await lease?.beat();
      await queue.hide(messages.open(), hiddenSeconds, (message) => messages.isOpen(message));
    },
    settings.leaseMs / beatsALease,
    clock,
    log,
  );
  try {
    onStep("lease");
    lease = await acquireLease(
      { ...parts.control, shard, clock, leaseMs: settings.leaseMs },
      { waitMs: settings.leaseWaitMs, patienceMs: time.leaseUntil - clock.now() },
    );
    if (lease) await new Cycle(parts, lease, messages, time).run();
    else log.info("Another process compacts; the messages come again", { messages: delivered.length });
  } catch (error) {
    failed = true;
    await parts.workspace
      .discard()
      .catch((reason) => log.warn("Scratch was not removed", { reason: String(reason) }));
    throw error;
  } finally {
    await heartbeat.stop();
    await handBack(parts, messages.open(), failed, lease);
  }
  const open = messages.open();
  const ms = Math.round(clock.now() - began);
  log.info("Cycle ended", {
    collection: shard,
    done: messages.done(),
    come_again: open.length,
    ms,
  });
  return open.filter((message) => message.delivered);
}

/** Moments of the clock by which the phases that can wait have to end. */
interface Timetable {
  readonly leaseUntil: number;
  readonly drainUntil: number;
  readonly applyUntil: number;
}

/** The last third is for verifying, writing and publishing. */
function timetable(began: number, deadline: number): Timetable {
  const after = (share: number) => began + share * (deadline - began);
  return { leaseUntil: after(0.4), drainUntil: after(0.5), applyUntil: after(0.67) };
}

/** Leaves nothing behind that others would have to wait for. A failure here only makes them wait. */
async function handBack(
  { queue, log }: CycleParts,
  open: readonly QueuedMessage[],
  failed: boolean,
  lease: Lease | undefined,
) {
  const receives = failed ? Math.max(1, ...open.map((message) => message.receives)) : 1;
  const seconds = Math.min(longestHandBackSeconds, handBackSeconds * 2 ** (receives - 1));
  const ended = await Promise.allSettled([lease?.release(), queue.hide(open, seconds)]);
  for (const result of ended) {
    if (result.status === "rejected") log.warn("Handing back failed", { reason: String(result.reason) });
  }
}

/** A cycle under its lease. */
class Cycle {
  readonly #parts: CycleParts;
  readonly #lease: Lease;
  readonly #messages: MessagesInFlight;
  readonly #failed: FailedMessages;
  readonly #time: Timetable;
  #merged: Merged | undefined;

  constructor(parts: CycleParts, lease: Lease, messages: MessagesInFlight, time: Timetable) {
    this.#parts = parts;
    this.#lease = lease;
    this.#messages = messages;
    this.#time = time;
    const { maxFailures } = parts.settings;
    this.#failed = new FailedMessages({ ...parts, maxFailures, token: lease.token, messages });
  }

  async run(): Promise<void> {
    const { control, shard } = this.#parts;
    const head = await readHead(control.client, control.controlTable, shard);
    await this.#drain(head);
    const receipts = await this.#startReceipts();
    const published = receipts.length > 0 ? await this.#makeGeneration(head, receipts) : undefined;
    await this.#acknowledge();
    await this.#collectGarbage(published ?? head);
    this.#step("release");
  }

  async #drain(head: Head | undefined): Promise<void> {
    this.#step("drain");
    const { queue, generations, clock, settings } = this.#parts;
    const age = head ? await generations.ageOf(head.name, manifestFile) : settings.minPublishIntervalMs;
    const atLeastUntil = clock.now() + settings.minPublishIntervalMs - age;
    const limits = {
      messages: settings.drainMessages,
      until: Math.min(Math.max(clock.now() + settings.drainMs, atLeastUntil), this.#time.drainUntil),
      atLeastUntil,
      hiddenSeconds: Math.ceil(settings.leaseMs / 1000),
    };
    await drain(queue, clock, limits, (received) => this.#messages.take(received));
  }

  async #startReceipts(): Promise<StartedReceipt[]> {
    this.#step("start runs");
    const { shard } = this.#parts;
    const { token } = this.#lease;
    const ports = { ...this.#parts, token, messages: this.#messages, failed: this.#failed };
    const works = await readMessages(shard, this.#messages.open(), this.#failed);
    return startReceipts(ports, shard, works);
  }

  /** The new head; undefined where the shard holds all of it already. */
  async #makeGeneration(
    head: Head | undefined,
    receipts: readonly StartedReceipt[],
  ): Promise<Head | undefined> {
    const { workspace, log } = this.#parts;
    this.#step("materialise");
    const store = await workspace.open(head);
    this.#step("apply");
    const ports = { ...this.#parts, failed: this.#failed };
    const merged = await mergeReceipts(ports, store, receipts, this.#time.applyUntil, () =>
      this.#step("verify"),
    );
    this.#merged = merged;
    const { written, updated, removed } = merged;
    const count = await store.count();
    log.info("Changes merged", {
      deltas: merged.runs.size,
      changes: merged.changeMessages.length,
      written,
      updated,
      removed,
      count,
    });
    await workspace.close();
    if (written + updated + removed > 0) return this.#publish(head, count, merged.receipts);
    if (head) workspace.keep(head.name);
    return undefined;
  }

  async #publish(from: Head | undefined, count: number, receipts: readonly ReceiptRef[]): Promise<Head> {
    const { shard, control, target, generations, workspace, log } = this.#parts;
    const { model, dimensions } = target;
    const generation = (from?.generation ?? 0) + 1;
    const name = generationName(generation, this.#lease.token);
    this.#step("write generation");
    const base = from?.name ?? null;
    await generations.write(workspace.folder, { name, base, model, dimensions, count, receipts });
    this.#step("move head");
    const head = await moveHead({
      ...control,
      shard,
      lease: this.#lease,
      from,
      to: { generation, name },
    });
    workspace.keep(name);
    log.info("Generation published", { collection: shard, generation, name, count });
    return head;
  }

  /** Past the publishing a failure concerns its own message only, which comes again and is found done. */
  async #acknowledge(): Promise<void> {
    this.#step("acknowledge");
    const { shard, runs, queue, log } = this.#parts;
    await inParallel(this.#merged?.runs ?? [], runsAtOnce, async ([work, vectors]) => {
      const moved = await runs.complete(work.run, shard, this.#lease.token, vectors);
      if (moved === "fenced") log.info("A run was opened again meanwhile", { run_id: work.run.runId });
      this.#messages.finish(work.messages);
    });
    this.#messages.finish(this.#merged?.changeMessages ?? []);
    await queue.delete(this.#messages.doneAndDrained());
  }

  async #collectGarbage(head: Head | undefined): Promise<void> {
    this.#step("collect garbage");
    const { generations, settings, log } = this.#parts;
    if (head) await collectGarbage(generations, head.name, this.#lease.token, settings.garbage, log);
  }

  /** Before every step: the lease is still this cycle's. */
  #step(step: Step): void {
    this.#parts.onStep(step);
    this.#lease.assertHeld();
  }
}
