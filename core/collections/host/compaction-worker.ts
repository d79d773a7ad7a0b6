import { Failure } from "../../failure.ts";
import type { Log } from "../../log.ts";
import type { LoggedMetrics } from "../../metrics.ts";
import type { ShardName } from "../../receipts/shards.ts";
import type { Clock } from "../clock.ts";
import { abandonable, CycleAbandoned } from "../cycle/abandonable.ts";
import { runCycle } from "../cycle/cycle.ts";
import type { CycleParts } from "../cycle/cycle-parts.ts";
import type { QueuedMessage } from "../messages/collection-queue.ts";
import type { Shutdown } from "./shutdown.ts";
import { Slots } from "./slots.ts";

/** The longest that SQS waits; and where other shards wait for their turn. */
const longPollSeconds = 20;
const shortPollSeconds = 1;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/** A cycle was not over at its deadline. */
export class CycleOverran extends Failure {
  constructor(shard: ShardName, afterMs: number) {
    super(
      `The cycle of ${shard} was not over after ${Math.round(afterMs / 1000)} s, so the worker starts anew.`,
      "Its last step in the log says where it hung; where it was only slow, raise compaction:workerCycleHours.",
    );
  }
}

export interface WorkerOptions {
  /** Shards whose cycles may run at the same time, as far as the memory goes. */
  readonly shardsAtOnce: number;
  /** A cycle that has not ended by then never will. */
  readonly cycleMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: LoggedMetrics;
}

/**
 * Takes what comes into the queue of every shard into one cycle after another, until it is shut down. A shard that
 * fails pauses, longer each time, and the others go on. A cycle that overruns its deadline begins a shutdown.
 * The process has to end when it resolves, as what was given up may still be under way.
 */
export async function compactUntilShutdown(
  shards: readonly CycleParts[],
  options: WorkerOptions,
  shutdown: Shutdown,
): Promise<void> {
  const slots = new Slots(options.shardsAtOnce);
  const waitSeconds = shards.length > options.shardsAtOnce ? shortPollSeconds : longPollSeconds;
  const workers = shards.map((parts) =>
    new ShardWorker(abandonable(parts, shutdown.over), { ...options, waitSeconds }, shutdown).work(slots),
  );
  await Promise.all(workers);
}

interface ShardWorkerOptions extends WorkerOptions {
  /** How long it waits for a message. */
  readonly waitSeconds: number;
}

/** Works on one shard. */
class ShardWorker {
  readonly #parts: CycleParts;
  readonly #options: ShardWorkerOptions;
  readonly #shutdown: Shutdown;

  constructor(parts: CycleParts, options: ShardWorkerOptions, shutdown: Shutdown) {
    this.#parts = parts;
    this.#options = options;
    this.#shutdown = shutdown;
  }

  async work(slots: Slots): Promise<void> {
    const { begun } = this.#shutdown;
    for (let failures = 0; !begun.aborted; ) {
      failures = (await slots.use(() => this.#takeTurn())) ? 0 : failures + 1;
      if (failures === 0) continue;
      await this.#options.clock.sleep(pauseAfter(failures), begun).catch(() => undefined);
    }
  }

  /** False where it failed, which is logged and counted. */
  async #takeTurn(): Promise<boolean> {
    try {
      const received = await this.#receive();
      if (received.length > 0) await this.#cycle(received);
      return true;
    } catch (error) {
      this.#tell(error);
      return false;
    } finally {
      this.#options.metrics.write();
    }
  }

  /** None once the shutdown has begun. */
  async #receive(): Promise<readonly QueuedMessage[]> {
    const { begun } = this.#shutdown;
    const { queue, settings } = this.#parts;
    const hiddenSeconds = Math.ceil(settings.leaseMs / 1000);
    if (begun.aborted) return [];
    try {
      return await queue.receive({ waitSeconds: this.#options.waitSeconds, hiddenSeconds, signal: begun });
    } catch (error) {
      if (begun.aborted) return [];
      throw error;
    }
  }

  /** No mapping delivered the messages, so the cycle itself deletes those that are done. */
  async #cycle(received: readonly QueuedMessage[]): Promise<void> {
    const { clock, cycleMs } = this.#options;
    const ended = new AbortController();
    void clock.sleep(cycleMs, ended.signal).then(
      () => this.#overrun(),
      () => undefined,
    );
    try {
      await runCycle(this.#parts, received, clock.now() + cycleMs);
    } finally {
      ended.abort();
    }
  }

  #overrun(): void {
    const overran = new CycleOverran(this.#parts.shard, this.#options.cycleMs);
    this.#tell(overran);
    this.#shutdown.begin(overran);
  }

  #tell(error: unknown): void {
    const { log, metrics } = this.#options;
    const { message, name, stack } = error instanceof Error ? error : new Error(String(error));
    const fields = { collection: this.#parts.shard, error_name: name };
    if (error instanceof CycleAbandoned) {
      log.info(message, fields);
      return;
    }
    metrics.count("WorkerErrors", 1);
    log.error(message, error instanceof Failure ? fields : { ...fields, stack });
  }
}

function pauseAfter(failures: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
}
