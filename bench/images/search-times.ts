import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { keyOf } from "../../cli/images/search-client.ts";
import { type StackImages, stackDatabase } from "../../cli/images/stack-images.ts";
import { numbersOf } from "../../core/embedding/vector-numbers.ts";
import { VoyageEmbedder } from "../../core/embedding/voyage-embedder.ts";
import { vectorText } from "../../core/images/database/embeddings.ts";
import { searchItems } from "../../core/images/database/search-statement.ts";
import { answerSearch } from "../../core/images/search/answer-search.ts";
import { lexicalQuery } from "../../core/images/search/lexical-query.ts";
import { silentLog } from "../../core/log.ts";
import { silentMetrics } from "../../core/metrics.ts";
import { unlimited } from "../../core/resilience/rate-limiter.ts";
import { type SearchConfig, searchConfig } from "../../functions/image-search/config.ts";
import { searchDeps } from "../../functions/image-search/deps.ts";
import { instantProvider } from "../services/instant-provider.ts";
import { functionEnvironment } from "./function-environment.ts";
import type { Labelled } from "./labelled.ts";

/** The search API takes ten requests per second of a user. */
export const requestEveryMs = 120;

const k = 10;
const maxRunMs = 3_600_000;

/** Milliseconds of each search, in turn. */
export interface SearchTimes {
  /** The statement alone with the same parameters, sent to the database directly. */
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
  // In this process, since a turn of another one's is no part of the search.
  const provider = await instantProvider(Number(environment.VOYAGE_EMBEDDING_DIMENSIONS));
  try {
    const { port } = provider.address() as AddressInfo;
    const config = searchConfig.parse({ ...environment, VOYAGE_BASE_URL: `http://127.0.0.1:${port}/v1` });
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
    const vectorOf = questionVectors(config);
    const { weights, rankConstant } = deps;
    const statement = async (q: string) => {
      const vector = await vectorOf(q);
      const input = { userId: user, k, weights, rankConstant, lexical: lexicalQuery(q), vector };
      return () => searchItems(database, input);
    };
    const service = async (q: string) => () => serve(q);
    const overHttp = async (q: string) => () => ask(q);

    const times: Record<keyof SearchTimes, number[]> = { statement: [], service: [], overHttp: [] };
    // The first turns also open connections.
    const eachTurn = async (ways: Partial<Record<keyof SearchTimes, Prepared>>) => {
      for (let turn = -questions.length; turn < searches; turn += 1) {
        // A word more makes each question a new one, because the search function caches vectors.
        const q = `${questions.at(turn % questions.length)?.question ?? ""} number${turn + questions.length}`;
        const inTurn = Object.entries(ways);
        // What comes second finds the database's caches filled by the first.
        for (const [way, prepare] of turn % 2 === 0 ? inTurn : inTurn.reverse()) {
          const search = await prepare(q);
          await sleep(requestEveryMs);
          const measured = await timed(search);
          if (turn >= 0) times[way as keyof SearchTimes].push(measured);
        }
      }
    };
    await eachTurn({ service, statement });
    // Apart, because two processes that share a rate limiter make each other book twice.
    await eachTurn({ overHttp });
    return times;
  } finally {
    provider.closeAllConnections();
    provider.close();
  }
}

/** Prepares a search for a question; what it resolves to is timed. */
type Prepared = (q: string) => Promise<() => Promise<unknown>>;

/** The vector of a question as the search function sends it to the database. */
function questionVectors(config: SearchConfig): (q: string) => Promise<string> {
  const embedder = new VoyageEmbedder({
    apiKey: "unused",
    baseUrl: config.VOYAGE_BASE_URL,
    model: config.VOYAGE_EMBEDDING_MODEL,
    dimensions: config.VOYAGE_EMBEDDING_DIMENSIONS,
    limiter: unlimited,
    giveUpAt: () => Date.now() + maxRunMs,
  });
  return async (q) => {
    const [bytes] = await embedder.embed([q], "query");
    if (bytes === undefined) throw new Error("The provider returned no vector.");
    return vectorText(numbersOf(bytes));
  };
}

function expectOk(status: number): void {
  if (status !== 200) throw new Error(`The search answered ${status}.`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
