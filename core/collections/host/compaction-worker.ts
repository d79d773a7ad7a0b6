import type { ShardName } from "../../../contract/collections.ts";
import { errorFields, type Log } from "../../log.ts";
import type { LoggedMetrics } from "../../metrics.ts";
import { exponentialMs } from "../../resilience/backoff.ts";
import type { Clock } from "../../resilience/clock.ts";
import { Semaphore } from "../../resilience/semaphore.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import { runCycle } from "../cycle/cycle.ts";
import type { CycleDeps } from "../cycle/cycle-deps.ts";
import { CycleAbandonedError } from "../cycle/cycle-stop.ts";
import { answerFoldRequest } from "../fold/answer-fold-request.ts";
import type { FoldDeps } from "../fold/fold-deps.ts";
import type { CollectionQueue, QueuedMessage } from "../messages/collection-queue.ts";
import type { Shutdown } from "./shutdown.ts";

/** The maximum that SQS allows, and the wait if other shards are waiting for their turn. */
const longPollSeconds = 20;
const shortPollSeconds = 1;
/** The heartbeat of a fold extends it. */
const firstHiddenSeconds = 30;
const ofCycle = { failed: "A cycle failed", abandoned: "A cycle was abandoned" } as const;
const ofFold = { failed: "A fold failed", abandoned: "A fold was abandoned" } as const;
const pause = { firstMs: 1_000, maxMs: 60_000 };

/** A cycle or a fold did not end by its deadline. */
export class CycleOverranError extends VectorkeepError {
  constructor(what: string, afterMs: number) {
    super(
      `${what} did not end within ${Math.round(afterMs / 1000)} s, so the worker restarts.`,
      "The last step in the log shows where it hung; if it was only slow, raise compaction:workerCycleHours.",
    );
  }
}

export interface WorkerOptions {
  /** Maximum number of shards whose cycles run concurrently; memory is the limit. */
  readonly shardsAtOnce: number;
  /** A cycle or fold that takes longer than this is considered hung. */
  readonly cycleMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: LoggedMetrics;
  /** The queue of fold requests and the dependencies of folds. @default another process folds */
  readonly folds?: { readonly queue: CollectionQueue; readonly shards: readonly FoldDeps[] };
}

/**
 * Receives the messages of every shard and runs cycle after cycle, until it is shut down. A shard that fails pauses
 * with exponential back-off while the others continue. Folds run concurrently with the cycles, with the same limit. A
 * cycle or fold that overruns its deadline begins a shutdown. The process must exit when this resolves, because
 * abandoned work may still be running.
 */
export async function compactUntilShutdown(
  shards: readonly CycleDeps[],
  options: WorkerOptions,
  shutdown: Shutdown,
): Promise<void> {
  const semaphore = new Semaphore(options.shardsAtOnce);
  const waitSeconds = shards.length > options.shardsAtOnce ? shortPollSeconds : longPollSeconds;
  const workers = shards.map((deps) =>
    new ShardWorker({ ...deps, over: shutdown.over }, { ...options, waitSeconds }, shutdown).work(semaphore),
  );
  const { folds } = options;
  if (folds) {
    const shardDeps = folds.shards.map((deps) => ({ ...deps, over: shutdown.over }));
    for (let one = 0; one < Math.min(options.shardsAtOnce, shardDeps.length); one += 1) {
      workers.push(new FoldWorker(folds.queue, shardDeps, options, shutdown).work());
    }
  }
  await Promise.all(workers);
}

/** Processes fold requests of all shards, one after another. */
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

  /** Resolves to false after a failure, which it logs and counts. */
  async #takeTurn(): Promise<boolean> {
    try {
      // One at a time: no heartbeat would keep further messages hidden.
      const [message] = await receiveUntil(this.#shutdown, this.#queue, {
        waitSeconds: longPollSeconds,
        hiddenSeconds: firstHiddenSeconds,
        maxMessages: 1,
      });
      if (message) await this.#answer(message);
      return true;
    } catch (error) {
      tell(this.#options, ofFold, error);
      return false;
    } finally {
      this.#options.metrics.write();
    }
  }

  async #answer(message: QueuedMessage): Promise<void> {
    const { clock, cycleMs } = this.#options;
    const answered = await watched(this.#options, this.#shutdown, ofFold, "A fold", () =>
      answerFoldRequest(this.#deps(), message, clock.now() + cycleMs),
    );
    if (answered) await this.#queue.delete([message]);
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
  /** Wait time of a receive. */
  readonly waitSeconds: number;
}

/** Runs the cycles of one shard. */
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

  /** Resolves to false after a failure, which it logs and counts. */
  async #takeTurn(): Promise<boolean> {
    try {
      const { queue, config } = this.#deps;
      const received = await receiveUntil(this.#shutdown, queue, {
        waitSeconds: this.#options.waitSeconds,
        hiddenSeconds: Math.ceil(config.leaseMs / 1000),
      });
      if (received.length > 0) await this.#cycle(received);
      return true;
    } catch (error) {
      tell(this.#options, ofCycle, error, this.#deps.shard);
      return false;
    } finally {
      this.#options.metrics.write();
    }
  }

  /** No event source mapping delivered the messages, so the cycle itself deletes the processed ones. */
  async #cycle(received: readonly QueuedMessage[]): Promise<void> {
    const { clock, cycleMs } = this.#options;
    const { shard } = this.#deps;
    await watched(this.#options, this.#shutdown, ofCycle, `The cycle of ${shard}`, () =>
      runCycle(this.#deps, received, clock.now() + cycleMs),
    );
  }
}

/** Resolves to an empty list once the shutdown has begun. */
async function receiveUntil(
  { begun }: Shutdown,
  queue: CollectionQueue,
  wait: Omit<Parameters<CollectionQueue["receive"]>[0], "signal">,
): Promise<readonly QueuedMessage[]> {
  if (begun.aborted) return [];
  try {
    return await queue.receive({ ...wait, signal: begun });
  } catch (error) {
    if (begun.aborted) return [];
    throw error;
  }
}

/** Begins a shutdown if the work does not end by its deadline. */
async function watched<T>(
  options: WorkerOptions,
  shutdown: Shutdown,
  words: typeof ofCycle | typeof ofFold,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const { clock, cycleMs } = options;
  const ended = new AbortController();
  void clock.sleep(cycleMs, ended.signal).then(
    () => {
      const overran = new CycleOverranError(what, cycleMs);
      tell(options, words, overran);
      shutdown.begin(overran);
    },
    () => undefined,
  );
  try {
    return await work();
  } finally {
    ended.abort();
  }
}

function tell(
  { log, metrics }: WorkerOptions,
  words: typeof ofCycle | typeof ofFold,
  error: unknown,
  shard?: ShardName,
): void {
  const { stack } = error instanceof Error ? error : new Error(String(error));
  const fields = { ...(shard && { shard }), ...errorFields(error) };
  if (error instanceof CycleAbandonedError) {
    log.info(words.abandoned, fields);
    return;
  }
  metrics.count("WorkerErrors", 1);
  log.error(words.failed, { ...fields, ...(!(error instanceof VectorkeepError) && { stack }) });
}
