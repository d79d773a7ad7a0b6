import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compactionClients, cycleDeps } from "../../core/collections/host/compaction-deps.ts";
import { compactUntilShutdown } from "../../core/collections/host/compaction-worker.ts";
import { foldDeps, foldQueue } from "../../core/collections/host/fold-deps.ts";
import { finishWithinMs, Shutdown, tidyWithinMs } from "../../core/collections/host/shutdown.ts";
import { shardQueues } from "../../core/collections/messages/shard-queues.ts";
import type { Log } from "../../core/log.ts";
import { loggedMetrics } from "../../core/metrics.ts";
import { defineService } from "../../core/process/define-service.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { compactionWorkerConfig } from "./config.ts";

const hourMs = 3_600_000;
const healthMs = 10_000;

defineService({
  name: "compaction-worker",
  config: compactionWorkerConfig,
  async run(config, { log, onStop, exit }) {
    const clock = monotonicClock;
    // The function's own name, so that one alarm on a metric holds for both hosts.
    const metrics = loggedMetrics("compaction");
    const machine = {
      clients: compactionClients(),
      library: join(import.meta.dirname, "chroma.node"),
      scratch: tmpdir(),
      clock,
      log,
      metrics,
    };
    const sources = shardQueues(config);
    const shards = sources.map((source) => cycleDeps(source, config, machine));
    const folds = {
      queue: foldQueue(config, machine),
      shards: sources.map((source) => foldDeps(source, config, machine)),
    };
    const shutdown = new Shutdown(clock);
    onStop(() => shutdown.begin());
    shutdown.begun.addEventListener("abort", () =>
      setTimeout(() => giveUp(log), finishWithinMs + tidyWithinMs),
    );
    keepTouching(join(tmpdir(), "alive"));
    log.info("Compacting", { shards: shards.map(({ shard }) => shard) });
    const options = {
      shardsAtOnce: config.SHARDS_AT_ONCE,
      cycleMs: config.CYCLE_HOURS * hourMs,
      clock,
      log,
      metrics,
      folds,
    };
    await compactUntilShutdown(shards, options, shutdown);
    log.info("Stopped");
    // Abandoned work may still run.
    await exit(shutdown.cause === undefined ? 0 : 1);
  },
});

/** A stuck process stops touching the file, and its task's health check fails. */
function keepTouching(file: string): void {
  const touch = () => writeFileSync(file, "");
  touch();
  setInterval(touch, healthMs).unref();
}

/** Exits without releasing: the lease and the messages expire, as after a crash. */
function giveUp(log: Log): void {
  log.error("The worker could not release its leases and messages in time and exits");
  process.exit(1);
}
