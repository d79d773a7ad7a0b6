import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Head } from "../../core/collections/head.ts";
import { Failure } from "../../core/failure.ts";
import { type Collection, collections } from "../../core/receipts/receipt.ts";

const patienceMs = 30_000;
const askEveryMs = 200;

const served = z.object({ generation: z.number().nullable(), count: z.number().nullable() });
const health = z.object({ collections: z.object({ lines: served, words: served }) });

export type ServedGeneration = z.infer<typeof served>;

/** Undefined where nothing is published. */
export type Heads = Readonly<Record<Collection, Head | undefined>>;

/** The query server did not take up what was published. */
export class SearchBehind extends Failure {
  constructor(last: string) {
    super(
      `The query server did not serve the newest generations within ${patienceMs / 1000} s; it said: ${last}`,
      "Its log group has the reason.",
    );
  }
}

/** What the query server serves, once that is the head of both collections. Throws SearchBehind. */
export async function servedGenerations(
  searchUrl: string,
  heads: Heads,
  signal: AbortSignal,
): Promise<Readonly<Record<Collection, ServedGeneration>>> {
  const late = performance.now() + patienceMs;
  for (;;) {
    const answer = await healthOf(searchUrl);
    const { data } = health.safeParse(answer);
    if (
      data &&
      collections.every((each) => data.collections[each].generation === (heads[each]?.generation ?? null))
    ) {
      return data.collections;
    }
    if (performance.now() > late) throw new SearchBehind(JSON.stringify(answer));
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
