import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ShardName } from "../../contract/collections.ts";
import type { FoldRequestDeps } from "../../core/collections/fold/answer-fold-request.ts";
import type { FoldDeps } from "../../core/collections/fold/fold-deps.ts";
import { compactionClients } from "../../core/collections/host/compaction-deps.ts";
import { foldDeps, foldQueue } from "../../core/collections/host/fold-deps.ts";
import { shardQueues } from "../../core/collections/messages/shard-queues.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import type { CompactionConfig } from "./config.ts";

/** A warm process reuses the dependencies of a shard, above all its copy of the base. */
export function foldFunctionDeps(config: CompactionConfig, { log, metrics }: Telemetry): FoldRequestDeps {
  const machine = {
    clients: compactionClients(),
    library: join(import.meta.dirname, "chroma.node"),
    scratch: tmpdir(),
    clock: monotonicClock,
    log,
    metrics,
  };
  const sources = new Map(shardQueues(config).map((source) => [source.shard, source]));
  const warm = new Map<ShardName, FoldDeps>();
  return {
    shards: [...sources.keys()],
    queue: foldQueue(config, machine),
    depsOf(shard) {
      const source = sources.get(shard);
      if (source === undefined) throw new RangeError(`${shard} is a shard of the stack.`);
      const deps = warm.get(shard) ?? foldDeps(source, config, machine);
      warm.set(shard, deps);
      return deps;
    },
  };
}
