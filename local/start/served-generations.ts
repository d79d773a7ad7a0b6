import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { SearchClient } from "../../cli/search-client.ts";
import type { StackOutputs } from "../../cli/target.ts";
import { collectionOf, type ShardName } from "../../contract/collections.ts";
import type { Head } from "../../core/collections/generations/head.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";

const maxWaitMs = 30_000;
const askEveryMs = 200;

const served = z.object({ generation: z.number().nullable(), count: z.number().nullable() });
const healthAnswer = z.object({ collections: z.record(z.string(), served) });

export type ServedGeneration = z.infer<typeof served>;

/** By shard; undefined if nothing is published. */
export type Heads = ReadonlyMap<ShardName, Head | undefined>;

/** The query server did not take up what was published. */
export class SearchBehindError extends VectorkeepError {
  constructor(last: string) {
    super(
      `The query server did not serve the newest generations within ${maxWaitMs / 1000} s; it said: ${last}`,
      "Its log group has the reason.",
    );
  }
}

/**
 * Returns the generations that the query server serves, once they are at least the heads of all shards; a publish may
 * follow the read of the heads. Throws SearchBehindError.
 */
export async function servedGenerations(
  health: () => Promise<unknown>,
  heads: Heads,
  signal: AbortSignal,
): Promise<ReadonlyMap<ShardName, ServedGeneration>> {
  const late = performance.now() + maxWaitMs;
  for (;;) {
    const answer = await health();
    const { data } = healthAnswer.safeParse(answer);
    const now = new Map(
      [...heads].flatMap(([shard, head]) => {
        const serves = data?.collections[shard];
        const upToDate = serves !== undefined && (serves.generation ?? 0) >= (head?.generation ?? 0);
        return upToDate ? [[shard, serves] as const] : [];
      }),
    );
    if (now.size === heads.size) return now;
    if (performance.now() > late) throw new SearchBehindError(JSON.stringify(answer));
    await sleep(askEveryMs, undefined, { signal });
  }
}

/** Reads the served generations from responses, because functions have no state to query. */
export async function healthOfFunctions(
  outputs: StackOutputs,
  heads: Heads,
): Promise<() => Promise<unknown>> {
  const client = await SearchClient.of(outputs);
  const collections = [...new Set([...heads.keys()].map(collectionOf))];
  return async () => {
    const answers = await Promise.allSettled(
      collections.map((collection) => client.ask({ text: "total", collection, mode: "lexical", k: 1 })),
    );
    const generations = answers.flatMap((answer) =>
      answer.status === "fulfilled" ? Object.entries(answer.value.generations) : [],
    );
    return {
      collections: Object.fromEntries(
        generations.map(([shard, generation]) => [shard, { generation, count: null }]),
      ),
      problems: answers.flatMap((answer) => (answer.status === "rejected" ? [String(answer.reason)] : [])),
    };
  };
}

export async function healthOfServer(searchUrl: string): Promise<unknown> {
  try {
    return await (await fetch(`${searchUrl}/health`)).json();
  } catch (error) {
    return String(error);
  }
}
