import { defineFunction } from "../../core/process/define-function.ts";
import { type ShardReply, shardEvent } from "../../core/search/shards/shard-event.ts";
import { searchShardConfig } from "./config.ts";
import { searchShardDeps } from "./deps.ts";

/** Searches the published content of one shard. */
export const handler = defineFunction({
  name: "search-shard",
  metrics: "search-shard",
  config: searchShardConfig,
  deps: searchShardDeps,
  handle: (event: unknown, shard): Promise<ShardReply> => shard.answer(shardEvent.parse(event)),
});
