import type { Collection } from "../../receipts/receipt.ts";
import { type ShardName, shardName } from "../../receipts/shards.ts";
import type { CompactionConfig } from "../host/compaction-config.ts";

/** A shard and the URLs of its queues. */
export interface ShardQueues {
  readonly shard: ShardName;
  readonly queue: string;
  readonly deadLetters: string;
}

/** Every shard of every collection. */
export function shardQueues(config: CompactionConfig): ShardQueues[] {
  return [
    ...shardsOf("lines", config.LINES_QUEUE_URLS, config.LINES_DEAD_LETTER_QUEUE_URLS),
    ...shardsOf("words", config.WORDS_QUEUE_URLS, config.WORDS_DEAD_LETTER_QUEUE_URLS),
  ];
}

function shardsOf(collection: Collection, queues: readonly string[], deadLetters: readonly string[]) {
  return queues.map((queue, position) => ({
    shard: shardName(collection, position, queues.length),
    queue,
    deadLetters: deadLetters[position] ?? "",
  }));
}
