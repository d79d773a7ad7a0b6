import type { ShardName } from "../../../contract/collections.ts";
import { errorFields, type Log } from "../../log.ts";
import type { LoggedMetrics } from "../../metrics.ts";
import { exponentialMs } from "../../resilience/backoff.ts";
import type { Clock } from "../../resilience/clock.ts";
import { Semaphore } from "../../resilience/semaphore.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import { abandonable, CycleAbandonedError } from "../cycle/abandonable.ts";
import { runCycle } from "../cycle/cycle.ts";
import type { CycleDeps } from "../cycle/cycle-deps.ts";
import { answerFoldRequest } from "../fold/answer-fold-request.ts";
import type { FoldDeps } from "../fold/fold-deps.ts";
import type { CollectionQueue, QueuedMessage } from "../messages/collection-queue.ts";
import type { Shutdown } from "./shutdown.ts";

/** The longest that SQS waits; and where other shards wait for their turn. */
const longPollSeconds = 20;
const shortPollSeconds = 1;
/** A fold extends it by its heartbeat. */
const firstHiddenSeconds = 30;
const pause = { firstMs: 1_000, maxMs: 60_000 };

/** A cycle was not over at its deadline. */
export class CycleOverranError extends VectorkeepError {
  constructor(shard: ShardName, afterMs: number) {
    super(
      `The cycle of ${shard} did not end within ${Math.round(afterMs / 1000)} s, so the worker restarts.`,
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
  /** Where folds are asked for, and what they work with. @default another process folds */
  readonly folds?: { readonly queue: CollectionQueue; readonly shards: readonly FoldDeps[] };
}

/**
 * Takes what comes into the queue of every shard into one cycle after another, until it is shut down. A shard that
 * fails pauses, longer each time, and the others go on. A cycle that overruns its deadline begins a shutdown. Folds run
 * beside the cycles, as many at once.
 * The process has to end when it resolves, as what was given up may still be under way.
 */
export async function compactUntilShutdown(
  shards: readonly CycleDeps[],
  options: WorkerOptions,
  shutdown: Shutdown,
): Promise<void> {
  const semaphore = new Semaphore(options.shardsAtOnce);
  const waitSeconds = shards.length > options.shardsAtOnce ? shortPollSeconds : longPollSeconds;
  const workers = shards.map((deps) =>
    new ShardWorker(abandonable(deps, shutdown.over), { ...options, waitSeconds }, shutdown).work(semaphore),
  );
  const { folds } = options;
  if (folds) {
    const shardDeps = folds.shards.map((deps) => abandonableFold(deps, shutdown.over));
    for (let one = 0; one < Math.min(options.shardsAtOnce, shardDeps.length); one += 1) {
      workers.push(new FoldWorker(folds.queue, shardDeps, options, shutdown).work());
    }
  }
  await Promise.all(workers);
}

function abandonableFold(deps: FoldDeps, over: AbortSignal): FoldDeps {
  const { workspace, ...cycle } = deps;
  const { base, ...abandoned } = abandonable(
    {
      ...cycle,
      base: { workspace, write: () => Promise.reject(new RangeError("A fold writes by itself.")) },
    },
    over,
  );
  return { ...abandoned, workspace: base?.workspace ?? workspace };
}

/** Answers one fold request after the other, of any shard. */
class FoldWorker {
  readonly #queue: CollectionQueue;
  readonly #shards: ReadonlyMap<string, FoldDeps>;
  readonly #options: WorkerOptions;
  readonly #shutdown: Shutdown;

  constructor(
    queue: CollectionQueue,
    shards: readonly FoldDeps[],
    options: WorkerOptions,
    shutdown: Shutdown,
  ) {
    this.#queue = queue;
    this.#shards = new Map(shards.map((deps) => [deps.shard, deps]));
    this.#options = options;
    this.#shutdown = shutdown;
  }

  async work(): Promise<void> {
    const { begun } = this.#shutdown;
    for (let failures = 0; !begun.aborted; ) {
      failures = (await this.#takeTurn()) ? 0 : failures + 1;
      if (failures === 0) continue;
      await this.#options.clock.sleep(exponentialMs(pause, failures), begun).catch(() => undefined);
    }
  }

  /** False where it failed, which is logged and counted. */
  async #takeTurn(): Promise<boolean> {
    const { begun } = this.#shutdown;
    const { clock, cycleMs, log, metrics } = this.#options;
    try {
      const received = await this.#queue.receive({
        waitSeconds: longPollSeconds,
        hiddenSeconds: firstHiddenSeconds,
        signal: begun,
      });
      for (const message of received) {
        if (await answerFoldRequest(this.#deps(), message, clock.now() + cycleMs)) {
          await this.#queue.delete([message]);
        }
      }
      return true;
    } catch (error) {
      if (begun.aborted) return true;
      metrics.count("WorkerErrors", 1);
      log.error("A fold failed", errorFields(error));
      return false;
    } finally {
      metrics.write();
    }
  }

  #deps() {
    const shards = this.#shards;
    return {
      shards: [...shards.values()].map(({ shard }) => shard),
      queue: this.#queue,
      depsOf(shard: ShardName) {
        const deps = shards.get(shard);
        if (deps === undefined) throw new RangeError(`${shard} is a shard of the stack.`);
        return deps;
      },
    };
  }
}

interface ShardWorkerOptions extends WorkerOptions {
  /** How long it waits for a message. */
  readonly waitSeconds: number;
}

/** Works on one shard. */
class ShardWorker {
  readonly #deps: CycleDeps;
  readonly #options: ShardWorkerOptions;
  readonly #shutdown: Shutdown;

  constructor(deps: CycleDeps, options: ShardWorkerOptions, shutdown: Shutdown) {
    this.#deps = deps;
    this.#options = options;
    this.#shutdown = shutdown;
  }

  async work(semaphore: Semaphore): Promise<void> {
    const { begun } = this.#shutdown;
    for (let failures = 0; !begun.aborted; ) {
      failures = (await semaphore.use(() => this.#takeTurn())) ? 0 : failures + 1;
      if (failures === 0) continue;
      await this.#options.clock.sleep(exponentialMs(pause, failures), begun).catch(() => undefined);
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
    const { queue, config } = this.#deps;
    const hiddenSeconds = Math.ceil(config.leaseMs / 1000);
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
      await runCycle(this.#deps, received, clock.now() + cycleMs);
    } finally {
      ended.abort();
    }
  }

  #overrun(): void {
    const overran = new CycleOverranError(this.#deps.shard, this.#options.cycleMs);
    this.#tell(overran);
    this.#shutdown.begin(overran);
  }

  #tell(error: unknown): void {
    const { log, metrics } = this.#options;
    const { stack } = error instanceof Error ? error : new Error(String(error));
    const fields = { shard: this.#deps.shard, ...errorFields(error) };
    if (error instanceof CycleAbandonedError) {
      log.info("A cycle was abandoned", fields);
      return;
    }
    metrics.count("WorkerErrors", 1);
    log.error("A cycle failed", { ...fields, ...(!(error instanceof VectorkeepError) && { stack }) });
  }
}
