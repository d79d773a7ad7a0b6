import { setTimeout as sleep } from "node:timers/promises";
import type { CycleDeps } from "../../../core/collections/cycle/cycle-deps.ts";
import {
  compactUntilShutdown,
  type WorkerOptions,
} from "../../../core/collections/host/compaction-worker.ts";
import { Shutdown } from "../../../core/collections/host/shutdown.ts";
import { type Log, silentLog } from "../../../core/log.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { type Clock, monotonicClock } from "../../../core/resilience/clock.ts";

export interface WorkerWishes {
  readonly folds?: WorkerOptions["folds"];
  readonly shardsAtOnce?: number;
  readonly cycleMs?: number;
  readonly finishWithinMs?: number;
  readonly clock?: Clock;
}

/** Nothing waits for what sleeps by it. */
const unawaited: Clock = { ...monotonicClock, sleep: (ms) => sleep(ms, undefined, { ref: false }) };

/** A worker in this process, and what it says of itself. */
export class RunningWorker {
  readonly shutdown: Shutdown;
  /** Resolves when it has ended by itself or after a shutdown. */
  readonly ended: Promise<void>;
  /** Messages of its log, each after its level. */
  readonly said: string[] = [];
  /** What it counted and wrote, by name. */
  readonly counted = new Map<string, number>();

  constructor(shards: readonly CycleDeps[], wishes: WorkerWishes = {}) {
    const {
      folds,
      shardsAtOnce = 2,
      cycleMs = 60_000,
      finishWithinMs = 10_000,
      clock = monotonicClock,
    } = wishes;
    this.shutdown = new Shutdown(unawaited, finishWithinMs);
    const say =
      (level: string) =>
      (message: string, fields: { readonly reason?: unknown } = {}) =>
        void this.said.push(`${level} ${fields.reason ?? message}`);
    const log: Log = { ...silentLog, info: say("info"), error: say("error") };
    const unwritten = new Map<string, number>();
    const metrics = {
      ...silentMetrics,
      count: (name: string, value: number) => unwritten.set(name, (unwritten.get(name) ?? 0) + value),
      write: () => {
        for (const [name, value] of unwritten) this.counted.set(name, (this.counted.get(name) ?? 0) + value);
        unwritten.clear();
      },
    };
    const options = { shardsAtOnce, cycleMs, clock, log, metrics, ...(folds && { folds }) };
    this.ended = compactUntilShutdown(shards, options, this.shutdown);
  }

  /** Resolves to the milliseconds that it took to end. */
  async stop(): Promise<number> {
    const began = performance.now();
    this.shutdown.begin();
    await this.ended;
    return performance.now() - began;
  }
}

/** Waits until the condition holds, for up to 20 seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const late = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > late) throw new Error(`It never came to be that ${condition}.`);
    await sleep(20);
  }
}
