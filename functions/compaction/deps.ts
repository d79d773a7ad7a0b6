import type { ShardName } from "../../contract/collections.ts";
import type { CycleDeps } from "../../core/collections/cycle/cycle-deps.ts";
import { compactionClients, cycleDeps } from "../../core/collections/host/compaction-deps.ts";
import { type ShardQueues, shardQueues } from "../../core/collections/messages/shard-queues.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import type { CompactionConfig } from "./config.ts";

export interface CompactionDeps {
  readonly shards: readonly ShardQueues[];
  readonly cycleOf: (source: ShardQueues) => CycleDeps;
}

/** A warm process reuses the dependencies of a shard, including the cached generations. */
export function compactionDeps(config: CompactionConfig, { log, metrics }: Telemetry): CompactionDeps {
  const machine = {
    clients: compactionClients(),
    clock: monotonicClock,
    log,
    metrics,
  };
  const warm = new Map<ShardName, CycleDeps>();
  return {
    shards: shardQueues(config),
    cycleOf(source) {
      const deps = warm.get(source.shard) ?? cycleDeps(source, config, machine);
      warm.set(source.shard, deps);
      return deps;
    },
  };
}
