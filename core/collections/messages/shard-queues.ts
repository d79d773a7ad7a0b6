import type { Collection } from "../../../contract/collections.ts";
import { type ShardName, shardName } from "../../../contract/collections.ts";

/** A shard and the URLs of its queues. */
export interface ShardQueues {
  readonly shard: ShardName;
  readonly queue: string;
  readonly deadLetters: string;
}

/** The environment variables with the queues of every shard. */
export interface ShardQueuesConfig {
  readonly LINES_QUEUE_URLS: readonly string[];
  readonly WORDS_QUEUE_URLS: readonly string[];
  readonly LINES_DEAD_LETTER_QUEUE_URLS: readonly string[];
  readonly WORDS_DEAD_LETTER_QUEUE_URLS: readonly string[];
}

/** Every shard of every collection. */
export function shardQueues(config: ShardQueuesConfig): ShardQueues[] {
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
