import { runsRoute, type SearchRoute, searchRoutes } from "../../../contract/search-routes.ts";
import { errorFields, type Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import { HttpError } from "../http-error.ts";
import { searchOpenApi } from "../openapi.ts";
import { checkedQuery, jsonBody } from "../request-body.ts";
import { answerRun, pathTemplate, type StatusOf } from "../runs.ts";
import type { SearchAnswer } from "../search.ts";
import { isUnanswered, isUnforeseen, problemOf } from "../search-problem.ts";
import { type SimilarAnswer, type SimilarRequest, similarRequest } from "../similar.ts";

/** A request of the search API as the gateway passes it on, after checking the key. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** What answers searches: the snapshots of the shards, or their mirrors. */
export interface SearchBackend {
  /** `body` is the JSON of the request. */
  search(body: unknown): Promise<SearchAnswer>;
  similar(request: SimilarRequest): Promise<SimilarAnswer>;
}

export interface AnswerDeps extends SearchBackend {
  readonly dimensions: number;
  readonly statusOf: StatusOf;
}

/**
 * Answers a request. Unexpected errors are thrown, so that the invocation fails. Other errors become responses, and are
 * counted if the caller did not cause them.
 */
export async function answerRequest(
  request: ApiRequest,
  deps: AnswerDeps,
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
): Promise<ApiAnswer> {
  try {
    return { status: 200, headers: {}, body: await bodyOf(request, deps) };
  } catch (error) {
    const problem = problemOf(error);
    if (isUnforeseen(problem)) throw error;
    if (isUnanswered(problem)) {
      log.error("A request failed", { ...errorFields(error) });
      metrics.count("SearchesUnanswered", 1);
    }
    const headers = problem.status === 503 ? { ...problem.headers, "retry-after": "5" } : problem.headers;
    return { status: problem.status, headers, body: problem.body() };
  }
}

const routes: Readonly<Record<SearchRoute, (request: ApiRequest, deps: AnswerDeps) => Promise<object>>> = {
  "POST /search": ({ body }, { search }) => search(jsonBody(body)),
  "GET /similar": ({ query }, { similar }) => similar(checkedQuery(query, similarRequest)),
  [runsRoute]: ({ path }, { statusOf }) => answerRun(path, statusOf),
  "GET /openapi.json": async (_, { dimensions }) => searchOpenApi(dimensions, "lambda"),
};

async function bodyOf(request: ApiRequest, deps: AnswerDeps): Promise<object> {
  const { method, path } = request;
  const route = searchRoutes.find((known) => known === `${method} ${pathTemplate(path)}`);
  if (route === undefined) throw new HttpError(404, "not_found", `There is no ${method} ${path} here.`);
  return routes[route](request, deps);
}
