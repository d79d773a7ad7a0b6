import { errorFields, type Log } from "../../log.ts";
import { HttpError } from "../http-error.ts";
import { searchOpenApi } from "../openapi.ts";
import { checkedQuery, jsonBody } from "../request-body.ts";
import { problemOf } from "../search-problem.ts";
import { similarRequest } from "../similar.ts";
import { type ShardsDeps, searchShards, similarShards } from "./search-shards.ts";

/** A request of the search API as a gateway passes it on; the gateway has checked its key. */
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

/** Never rejects: an error is an answer, and one that nobody foresaw is logged. */
export async function answerRequest(request: ApiRequest, deps: ShardsDeps, log: Log): Promise<ApiAnswer> {
  try {
    return { status: 200, headers: {}, body: await bodyOf(request, deps) };
  } catch (error) {
    const problem = problemOf(error);
    if (problem.status >= 500) log.error("A request failed", { ...errorFields(error) });
    const headers = problem.status === 503 ? { ...problem.headers, "retry-after": "5" } : problem.headers;
    return { status: problem.status, headers, body: problem.body() };
  }
}

async function bodyOf({ method, path, query, body }: ApiRequest, deps: ShardsDeps): Promise<object> {
  switch (`${method} ${path}`) {
    case "POST /search":
      return searchShards(jsonBody(body), deps);
    case "GET /similar":
      return similarShards(checkedQuery(query, similarRequest), deps);
    case "GET /openapi.json":
      return searchOpenApi(deps.dimensions);
    default:
      throw new HttpError(404, "not_found", `There is no ${method} ${path} here.`);
  }
}
