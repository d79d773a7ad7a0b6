import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compactionClients, cycleDeps } from "../../core/collections/host/compaction-deps.ts";
import { compactUntilShutdown } from "../../core/collections/host/compaction-worker.ts";
import { finishWithinMs, Shutdown, tidyWithinMs } from "../../core/collections/host/shutdown.ts";
import { shardQueues } from "../../core/collections/messages/shard-queues.ts";
import { errorFields } from "../../core/log.ts";
import { loggedMetrics } from "../../core/metrics.ts";
import { processLog } from "../../core/process-log.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { readEnvironment } from "../../core/settings/environment.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import { compactionWorkerEnvironment } from "./environment.ts";

const hourMs = 3_600_000;
const healthMs = 10_000;

const log = processLog("compaction-worker");

async function main(): Promise<void> {
  const environment = readEnvironment(compactionWorkerEnvironment);
  const clock = monotonicClock;
  // The function's own name, so that an alarm on a metric holds for whichever of the two compacts.
  const metrics = loggedMetrics("compaction");
  const machine = {
    clients: compactionClients(),
    library: join(import.meta.dirname, "chroma.node"),
    scratch: tmpdir(),
    clock,
    log,
    metrics,
  };
  const shards = shardQueues(environment).map((source) => cycleDeps(source, environment, machine));
  const shutdown = new Shutdown(clock);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info("Stopping", { signal });
      shutdown.begin();
    });
  }
  shutdown.begun.addEventListener("abort", () => setTimeout(giveUp, finishWithinMs + tidyWithinMs));
  keepTouching(join(tmpdir(), "alive"));
  log.info("Compacting", { shards: shards.map(({ shard }) => shard) });
  await compactUntilShutdown(
    shards,
    {
      shardsAtOnce: environment.SHARDS_AT_ONCE,
      cycleMs: environment.CYCLE_HOURS * hourMs,
      clock,
      log,
      metrics,
    },
    shutdown,
  );
  log.info("Stopped");
  // What was given up may still be under way.
  process.exit(shutdown.cause === undefined ? 0 : 1);
}

/** A process that hangs touches nothing, and the health check of its task fails. */
function keepTouching(file: string): void {
  const touch = () => writeFileSync(file, "");
  touch();
  setInterval(touch, healthMs).unref();
}

/** The lease and the messages that it still holds come free by themselves, as after a crash. */
function giveUp(): void {
  log.error("The worker could not hand back everything in time, and ends");
  process.exit(1);
}

main().catch((error: Error) => {
  const unforeseen = error instanceof VectorkeepError ? {} : { stack: error.stack };
  log.error("The compaction worker failed", { ...errorFields(error), ...unforeseen });
  process.exit(1);
});
