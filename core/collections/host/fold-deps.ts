import type { FoldDeps } from "../fold/fold-deps.ts";
import { CollectionQueue } from "../messages/collection-queue.ts";
import type { ShardQueues } from "../messages/shard-queues.ts";
import { Workspace } from "../workspace/workspace.ts";
import type { CompactionConfig } from "./collections-config.ts";
import { cycleDeps, type Machine } from "./compaction-deps.ts";

export interface FoldMachine extends Machine {
  /** Path of Chroma's native library. */
  readonly library: string;
  /** Folder on a local disk. */
  readonly scratch: string;
}

/** The dependencies of a fold of this shard: those of a cycle, and a workspace for the database on local disk. */
export function foldDeps(source: ShardQueues, config: CompactionConfig, machine: FoldMachine): FoldDeps {
  const deps = cycleDeps(source, config, machine);
  const { shard, target, generations } = deps;
  const { model, dimensions } = target;
  const { library, scratch } = machine;
  return {
    ...deps,
    workspace: new Workspace({ shard, generations, model, dimensions, library, scratch }),
  };
}

/** The queue of fold requests. Only SQS moves messages to its dead-letter queue. */
export function foldQueue(config: CompactionConfig, { clients, log }: Machine): CollectionQueue {
  const queue = config.FOLD_QUEUE_URL;
  return new CollectionQueue(clients.sqs, { queue, deadLetters: queue }, log);
}
