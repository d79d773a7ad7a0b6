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

/** The longest that SQS waits; and where other shards wait for their turn. */
const longPollSeconds = 20;
const shortPollSeconds = 1;
/** A fold extends it by its heartbeat. */
const firstHiddenSeconds = 30;
const ofCycle = { failed: "A cycle failed", abandoned: "A cycle was abandoned" } as const;
const ofFold = { failed: "A fold failed", abandoned: "A fold was abandoned" } as const;
const pause = { firstMs: 1_000, maxMs: 60_000 };

/** A cycle or a fold was not over at its deadline. */
export class CycleOverranError extends VectorkeepError {
  constructor(what: string, afterMs: number) {
    super(
      `${what} did not end within ${Math.round(afterMs / 1000)} s, so the worker restarts.`,
      "Its last step in the log says where it hung; where it was only slow, raise compaction:workerCycleHours.",
    );
  }
}

export interface WorkerOptions {
  /** Shards whose cycles may run at the same time, as far as the memory goes. */
  readonly shardsAtOnce: number;
  /** A cycle or a fold that has not ended by then never will. */
  readonly cycleMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: LoggedMetrics;
  /** Where folds are asked for, and what they work with. @default another process folds */
  readonly folds?: { readonly queue: CollectionQueue; readonly shards: readonly FoldDeps[] };
}

/**
 * Takes what comes into the queue of every shard into one cycle after another, until it is shut down. A shard that
 * fails pauses, longer each time, and the others go on. A cycle or fold that overruns its deadline begins a shutdown. Folds
 * run beside the cycles, as many at once.
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
    try {
      // One at a time: no heartbeat keeps others hidden meanwhile.
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

  /** No mapping delivered the messages, so the cycle itself deletes those that are done. */
  async #cycle(received: readonly QueuedMessage[]): Promise<void> {
    const { clock, cycleMs } = this.#options;
    const { shard } = this.#deps;
    await watched(this.#options, this.#shutdown, ofCycle, `The cycle of ${shard}`, () =>
      runCycle(this.#deps, received, clock.now() + cycleMs),
    );
  }
}

/** None once the shutdown has begun. */
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

/** Begins a shutdown where the work is not over at its deadline. */
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
