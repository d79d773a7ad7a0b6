import type { ShardName } from "../../contract/collections.ts";
import { type PublishedFiles, withPublishedCopy } from "../../core/collections/generations/published-copy.ts";

/** Every id of a published generation, read from its own files; one that stood there twice is listed twice. */
export function publishedIds(files: PublishedFiles, shard: ShardName, generation: string): Promise<string[]> {
  return withPublishedCopy(files, shard, generation, async (published) => {
    const all: string[] = [];
    for await (const page of published.pages()) all.push(...page.map(({ id }) => id));
    return all;
  });
}
