import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { ShardName } from "../../contract/collections.ts";
import type { Head } from "../../core/collections/generations/head.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";

const maxWaitMs = 30_000;
const askEveryMs = 200;

const served = z.object({ generation: z.number().nullable(), count: z.number().nullable() });
const health = z.object({ collections: z.record(z.string(), served) });

export type ServedGeneration = z.infer<typeof served>;

/** By shard; undefined where nothing is published. */
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

/** What the query server serves, once that is the head of every shard. Throws SearchBehindError. */
export async function servedGenerations(
  searchUrl: string,
  heads: Heads,
  signal: AbortSignal,
): Promise<ReadonlyMap<ShardName, ServedGeneration>> {
  const late = performance.now() + maxWaitMs;
  for (;;) {
    const answer = await healthOf(searchUrl);
    const { data } = health.safeParse(answer);
    const now = new Map(
      [...heads].flatMap(([shard, head]) => {
        const serves = data?.collections[shard];
        return serves?.generation === (head?.generation ?? null) ? [[shard, serves] as const] : [];
      }),
    );
    if (now.size === heads.size) return now;
    if (performance.now() > late) throw new SearchBehindError(JSON.stringify(answer));
    await sleep(askEveryMs, undefined, { signal });
  }
}

async function healthOf(searchUrl: string): Promise<unknown> {
  try {
    return await (await fetch(`${searchUrl}/health`)).json();
  } catch (error) {
    return String(error);
  }
}
