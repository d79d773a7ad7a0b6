import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { runsPath } from "../../contract/search-routes.ts";
import { errorFields, type Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { requireApiKey } from "./api-key.ts";
import type { CollectionHealth } from "./followed-collection.ts";
import { HttpError } from "./http-error.ts";
import { searchOpenApi } from "./openapi.ts";
import { readBody, readQuery } from "./request-body.ts";
import { answerRun, pathTemplate, type StatusOf } from "./runs.ts";
import type { SearchAnswer } from "./search.ts";
import { isUnanswered, isUnforeseen, problemOf } from "./search-problem.ts";
import { type SearchRequest, searchRequest } from "./search-request.ts";
import { type SimilarAnswer, type SimilarRequest, similarRequest } from "./similar.ts";

/** Load balancers reuse connections for 60 s. Closing one earlier would cause 502 responses. */
const keepAliveMs = 65_000;

export interface SearchApi {
  search(request: SearchRequest): Promise<SearchAnswer>;
  similar(request: SimilarRequest): Promise<SimilarAnswer>;
  readonly statusOf: StatusOf;
  /** Health by shard. */
  health(): Readonly<Record<string, CollectionHealth>>;
}

export interface SearchHttpOptions {
  readonly apiKey: string;
  /** Number of dimensions of a query vector. */
  readonly dimensions: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

type Route = (request: IncomingMessage) => Promise<Answer>;

/**
 * An HTTP server for `POST /search`, `GET /similar` and `GET /runs`, which require the key, and for `GET /health` and `GET
 * /openapi.json`. The caller starts and closes it.
 */
export function searchHttpServer(
  api: SearchApi,
  { apiKey, dimensions, log, metrics }: SearchHttpOptions,
): Server {
  const schema = searchRequest(dimensions);
  const openApi = searchOpenApi(dimensions, "ecs");
  const routes: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
    "/search": {
      POST: async (request) => {
        requireApiKey(request.headers["x-api-key"], apiKey);
        return { status: 200, body: await api.search(await readBody(request, schema)) };
      },
    },
    "/similar": {
      GET: async (request) => {
        requireApiKey(request.headers["x-api-key"], apiKey);
        return { status: 200, body: await api.similar(readQuery(request, similarRequest)) };
      },
    },
    [runsPath]: {
      GET: async (request) => {
        requireApiKey(request.headers["x-api-key"], apiKey);
        return { status: 200, body: await answerRun(pathOf(request), api.statusOf) };
      },
    },
    "/openapi.json": { GET: async () => ({ status: 200, body: openApi }) },
    "/health": { GET: async () => healthAnswer(api.health()) },
  };

  async function answer(
    request: IncomingMessage,
  ): Promise<Answer & { headers?: Readonly<Record<string, string>> }> {
    try {
      return await routeOf(request, routes)(request);
    } catch (error) {
      const problem = problemOf(error);
      if (isUnanswered(problem)) {
        const stack = isUnforeseen(problem) ? stackOf(error) : undefined;
        log.error("A request failed", { ...errorFields(error), ...(stack && { stack }) });
        metrics.count("SearchesUnanswered", 1);
      }
      return { status: problem.status, body: problem.body(), headers: problem.headers };
    }
  }

  const server = createServer((request, response) => {
    const began = performance.now();
    void answer(request).then(({ status, body, headers }) => {
      reply(response, status, body, headers ?? {});
      if (request.url === "/health" && status === 200) return;
      log.info("Request answered", {
        method: request.method,
        path: pathOf(request),
        status,
        duration_ms: Math.round(performance.now() - began),
      });
    });
  });
  server.keepAliveTimeout = keepAliveMs;
  return server;
}

function routeOf(
  request: IncomingMessage,
  routes: Readonly<Record<string, Readonly<Record<string, Route>>>>,
): Route {
  const path = pathOf(request);
  const template = pathTemplate(path);
  const methods = Object.hasOwn(routes, template) ? routes[template] : undefined;
  if (methods === undefined) {
    throw new HttpError(404, "not_found", `There is no ${path} here: GET /openapi.json lists the routes.`);
  }
  const route = methods[request.method ?? ""];
  if (route !== undefined) return route;
  const allow = Object.keys(methods).join(", ");
  throw new HttpError(405, "method_not_allowed", `${path} takes ${allow}.`, { headers: { allow } });
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/";
}

function healthAnswer(collections: Readonly<Record<string, CollectionHealth>>): Answer {
  const opening = Object.values(collections).some(({ state }) => state === "opening");
  return { status: opening ? 503 : 200, body: { status: opening ? "opening" : "ok", collections } };
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

function reply(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>>,
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...headers,
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  response.end(text);
}
