import { setTimeout as sleep } from "node:timers/promises";
import { keyOf } from "../../cli/images/search-client.ts";
import { type StackImages, stackDatabase } from "../../cli/images/stack-images.ts";
import { searchItems } from "../../core/images/database/search-statement.ts";
import { answerSearch } from "../../core/images/search/answer-search.ts";
import { lexicalQuery } from "../../core/images/search/lexical-query.ts";
import { silentLog } from "../../core/log.ts";
import { silentMetrics } from "../../core/metrics.ts";
import { searchConfig } from "../../functions/image-search/config.ts";
import { searchDeps } from "../../functions/image-search/deps.ts";
import { startService } from "../child.ts";
import { functionEnvironment } from "./function-environment.ts";
import type { Labelled } from "./labelled.ts";

/** The search API takes ten requests per second of a user. */
export const requestEveryMs = 120;

const k = 10;
const maxRunMs = 3_600_000;

/** Milliseconds of each search, in turn. */
export interface SearchTimes {
  /** The statement alone, sent to the database directly. */
  readonly statement: readonly number[];
  /** All that the search function does for a request, in this process, with a provider that answers at once. */
  readonly service: readonly number[];
  /** Over HTTP, as users search: the gateway, the invocation and the embedding model beside it. */
  readonly overHttp: readonly number[];
}

/** Times the search of a stack: the function and its statement in turn, then all of it over HTTP. */
export async function searchTimes(
  { questions }: Labelled,
  options: {
    readonly user: string;
    readonly outputs: StackImages["outputs"];
    readonly searches: number;
  },
): Promise<SearchTimes> {
  const { user, outputs, searches } = options;
  const environment = await functionEnvironment(outputs.functions.search);
  const provider = await startService("instant-embeddings.ts", [
    environment.VOYAGE_EMBEDDING_DIMENSIONS ?? "",
  ]);
  try {
    const config = searchConfig.parse({ ...environment, VOYAGE_BASE_URL: `${provider.url}/v1` });
    const depsOf = searchDeps(config, { log: silentLog, metrics: { ...silentMetrics, write() {} } });
    const deps = depsOf(Date.now() + maxRunMs);
    const [apiKeyId] = Object.entries(config.USERS_BY_KEY_ID).find(([, name]) => name === user) ?? [];
    const serve = async (q: string) => {
      const { status } = await answerSearch({ caller: { apiKeyId }, query: { q, k: String(k) } }, deps);
      expectOk(status);
    };

    const url = `${outputs.searchUrl}/images/search`;
    const headers = { "x-api-key": await keyOf(user, outputs) };
    const ask = async (q: string) => {
      const response = await fetch(`${url}?${new URLSearchParams({ q, k: String(k) })}`, { headers });
      expectOk(response.status);
      await response.json();
    };

    const database = stackDatabase(outputs);
    const share = 1 / Math.sqrt(config.VOYAGE_EMBEDDING_DIMENSIONS);
    const vector = `[${new Array(config.VOYAGE_EMBEDDING_DIMENSIONS).fill(share).join(",")}]`;
    const { weights, rankConstant } = deps;
    const state = (q: string) =>
      searchItems(database, {
        userId: user,
        k,
        weights,
        rankConstant,
        lexical: lexicalQuery(q),
        vector,
      });

    const times: Record<keyof SearchTimes, number[]> = { statement: [], service: [], overHttp: [] };
    // The first question of each kind also opens connections, and the local model keeps the vector of each text.
    const eachTurn = async (ways: Partial<Record<keyof SearchTimes, (q: string) => Promise<unknown>>>) => {
      for (let turn = -questions.length; turn < searches; turn += 1) {
        const q = questions.at(turn % questions.length)?.question ?? "";
        await sleep(requestEveryMs);
        for (const [way, search] of Object.entries(ways)) {
          const measured = await timed(() => search(q));
          if (turn >= 0) times[way as keyof SearchTimes].push(measured);
        }
      }
    };
    await eachTurn({ service: serve, statement: state });
    // Apart, because two processes that share a rate limiter make each other book twice.
    await eachTurn({ overHttp: ask });
    return times;
  } finally {
    await provider.stop();
  }
}

function expectOk(status: number): void {
  if (status !== 200) throw new Error(`The search answered ${status}.`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
