import { errorFields } from "../../log.ts";
import { inSpan } from "../../tracing/span.ts";
import { PublishConflictError } from "../generations/head.ts";
import { Heartbeat } from "../lease/heartbeat.ts";
import { acquireLease, type Lease, LeaseLostError } from "../lease/lease.ts";
import type { QueuedMessage } from "../messages/collection-queue.ts";
import { MessagesInFlight } from "../messages/messages-in-flight.ts";
import { delaysAfterCycle, delaysAfterFailure } from "../messages/return-delays.ts";
import type { CycleDeps } from "./cycle-deps.ts";
import { CycleAbandonedError, CycleStop } from "./cycle-stop.ts";
import { LeasedCycle, type Repair } from "./leased-cycle.ts";
import { StepTimes } from "./step-times.ts";
import { timetable } from "./timetable.ts";

export interface CycleOutcome {
  /** `contended`: another process held the lease for the whole wait, so nothing was done. */
  readonly state: "done" | "contended";
  /** The delivered messages that must be redelivered. */
  readonly returned: readonly QueuedMessage[];
}

/**
 * Publishes the delivered messages, and whatever else is queued, as one new generation of the shard. After a failure
 * the unacknowledged messages return to the queue in two halves, and nothing is published unless the failure came after
 * the publish itself. The cycle ends by `deadline`, a time of the clock. With a `repair` it publishes a base even if no
 * message asks for one, because the head is not sound or documents are doubted.
 */
export function runCycle(
  deps: CycleDeps,
  delivered: readonly QueuedMessage[],
  deadline: number,
  repair?: Repair,
): Promise<CycleOutcome> {
  return inSpan("compaction.cycle", { shard: deps.shard }, () =>
    tracedCycle(deps, delivered, deadline, repair),
  );
}

async function tracedCycle(
  given: CycleDeps,
  delivered: readonly QueuedMessage[],
  deadline: number,
  repair?: Repair,
): Promise<CycleOutcome> {
  const stop = new CycleStop(given.shard, given.over);
  const deps = { ...given, signal: stop.signal };
  const { shard, config, queue, clock, log, metrics, onStep } = deps;
  const workspace = deps.base?.workspace;
  const time = timetable(clock.now(), deadline);
  const times = new StepTimes(clock);
  const copiedBefore = workspace?.bytesCopied ?? 0;
  const messages = new MessagesInFlight(delivered);
  const hiddenSeconds = Math.ceil(config.leaseMs / 1000);
  let lease: Lease | undefined;
  let cycle: LeasedCycle | undefined;
  let failed = false;
  await tryExtendVisibility(deps, delivered, hiddenSeconds);
  const heartbeat = new Heartbeat(
    async () => {
      await beatOrStop(lease, stop);
      await queue.hide(messages.open(), hiddenSeconds, (message) => messages.isOpen(message));
    },
    config.leaseMs,
    clock,
    log,
  );
  try {
    times.begin("lease");
    onStep("lease");
    stop.signal.throwIfAborted();
    lease = await acquireLease(
      { ...deps.control, shard, clock, leaseMs: config.leaseMs },
      { waitMs: config.leaseWaitMs, maxWaitMs: time.leaseUntil - clock.now(), signal: stop.signal },
    );
    if (lease) {
      cycle = new LeasedCycle(deps, { lease, stop }, messages, { time, steps: times }, repair);
      await cycle.run();
    } else {
      metrics.count("CyclesContended", 1);
      log.info("Another process holds the lease; the messages are redelivered", {
        shard,
        messages: delivered.length,
      });
    }
  } catch (error) {
    times.fail(error);
    failed = !(error instanceof CycleAbandonedError);
    if (failed) countFailure(deps, error);
    await workspace
      ?.discard()
      .catch((left) => log.warn("Scratch files were not removed", { shard, ...errorFields(left) }));
    throw error;
  } finally {
    stop.finish();
    await heartbeat.stop();
    await returnToQueue(deps, messages, failed, lease);
  }
  const open = messages.open();
  log.info("Cycle ended", {
    shard,
    done: messages.done(),
    redelivered: open.length,
    bytes_copied: (workspace?.bytesCopied ?? 0) - copiedBefore,
    bytes_written: cycle?.bytesWritten ?? 0,
    duration_ms_by_step: times.end(),
  });
  return {
    state: lease === undefined ? "contended" : "done",
    returned: open.filter((message) => message.delivered),
  };
}

/** Renews the lease. A lost lease aborts the cycle at once, whatever it is waiting for. */
export async function beatOrStop(lease: Lease | undefined, stop: CycleStop): Promise<void> {
  try {
    await lease?.beat();
  } catch (error) {
    if (error instanceof LeaseLostError) stop.leaseLost(error);
    throw error;
  }
}

/**
 * Shortens the queue's much longer visibility timeout to the lease time. If this fails, a crash only delays redelivery.
 */
async function tryExtendVisibility(
  { queue, log }: CycleDeps,
  messages: readonly QueuedMessage[],
  seconds: number,
): Promise<void> {
  await queue
    .hide(messages, seconds)
    .catch((error: Error) =>
      log.warn("Messages keep the visibility timeout of their queue", errorFields(error)),
    );
}

function countFailure({ metrics }: CycleDeps, error: unknown): void {
  metrics.count("CyclesFailed", 1);
  if (error instanceof LeaseLostError) metrics.count("LeasesLost", 1);
  if (error instanceof PublishConflictError) metrics.count("PublishConflicts", 1);
}

/**
 * Returns messages and lease so that other processes need not wait for their timeouts. A failure here only makes them
 * wait.
 */
async function returnToQueue(
  { queue, log }: CycleDeps,
  messages: MessagesInFlight,
  failed: boolean,
  lease: Lease | undefined,
) {
  const open = messages.open();
  const returned = failed
    ? delaysAfterFailure(open)
    : delaysAfterCycle(open, (message) => messages.isHeldBack(message));
  const ended = await Promise.allSettled([
    lease?.release(),
    ...returned.map((some) => queue.hide(some.messages, some.seconds)),
  ]);
  for (const result of ended) {
    if (result.status === "rejected")
      log.warn("A message or the lease was not released", errorFields(result.reason));
  }
}
