import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { runsPath } from "../../../contract/search-routes.ts";
import { type Log, silentLog } from "../../../core/log.ts";
import { type Metrics, silentMetrics } from "../../../core/metrics.ts";
import type { ReceiptRef } from "../../../core/receipts/receipt.ts";
import type { RunStatus } from "../../../core/runs/run-status.ts";
import type { CollectionHealth } from "../../../core/search/followed-collection.ts";
import { type SearchApi, searchHttpServer } from "../../../core/search/http-server.ts";
import type { searchOpenApi } from "../../../core/search/openapi.ts";
import { maxBodyBytes } from "../../../core/search/request-body.ts";
import type { SearchAnswer } from "../../../core/search/search.ts";
import {
  NothingPublishedError,
  NotOpenYetError,
  QueryNotEmbeddedError,
  VectorUnknownError,
} from "../../../core/search/search-errors.ts";
import type { SearchRequest } from "../../../core/search/search-request.ts";
import type { SimilarAnswer, SimilarRequest } from "../../../core/search/similar.ts";

const serving: CollectionHealth = {
  state: "serving",
  generation: 4,
  count: 12,
  head_generation: 4,
  lag_generations: 0,
  lag_seconds: 0,
  problem: null,
};

class ScriptedApi implements SearchApi {
  readonly asked: SearchRequest[] = [];
  failure: Error | undefined;
  lines: CollectionHealth = serving;

  async search(request: SearchRequest): Promise<SearchAnswer> {
    this.asked.push(request);
    if (this.failure) throw this.failure;
    return { collection: request.collection, generations: { words: 4 }, hits: [] };
  }

  async similar({ id }: SimilarRequest): Promise<SimilarAnswer> {
    if (this.failure) throw this.failure;
    const of = { id, text: "TOTAL", metadata: {} };
    return { collection: "lines", generations: { lines: 4 }, of, labels: {}, hits: [] };
  }

  statusOf = async ({ receiptId }: ReceiptRef): Promise<RunStatus | undefined> =>
    receiptId === 1 ? { state: "COMPLETED", runId: "r", revision: 0 } : undefined;

  health() {
    return { lines: this.lines, words: serving };
  }
}

const logged: string[] = [];
const log: Log = {
  ...silentLog,
  info: (message, fields) => logged.push(JSON.stringify({ message, ...fields })),
  error: (message, fields) => logged.push(JSON.stringify({ message, ...fields })),
};
const counted: string[] = [];
const metrics: Metrics = { ...silentMetrics, count: (name) => counted.push(name) };
const api = new ScriptedApi();
let server: Server;
let url: string;

beforeAll(async () => {
  server = searchHttpServer(api, { apiKey: "open sesame", dimensions: 3, log, metrics });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, "close");
});

beforeEach(() => {
  api.failure = undefined;
  api.lines = serving;
  logged.length = 0;
  counted.length = 0;
});

interface Asked {
  body?: string;
  key?: string | null;
  path?: string;
  method?: string;
}

async function ask({
  body = '{"text":"total"}',
  key = "open sesame",
  path = "/search",
  method = "POST",
}: Asked) {
  const response = await fetch(url + path, {
    method,
    headers: key === null ? {} : { "x-api-key": key },
    ...(method === "POST" ? { body } : {}),
  });
  const answer = (await response.json()) as {
    error?: { code: string; message: string; problems?: string[] };
  };
  return { status: response.status, headers: response.headers, answer };
}

test("a search with the key is answered", async () => {
  const { status, answer } = await ask({ body: '{"text":"total","collection":"words","k":2}' });
  expect([status, answer]).toEqual([200, { collection: "words", generations: { words: 4 }, hits: [] }]);
  expect(api.asked.at(-1)).toMatchObject({ collection: "words", text: "total", k: 2, filter: {} });
});

test.each([
  ["no key", null],
  ["an empty key", ""],
  ["another key", "open sesamE"],
  ["a longer key", "open sesame!"],
])("%s is refused before the body is looked at", async (_, key) => {
  const { status, answer } = await ask({ key, body: "{" });
  expect([status, answer.error?.code]).toEqual([401, "unauthorized"]);
});

test("a body that is not JSON, and one that does not fit, are named problems of the caller", async () => {
  expect((await ask({ body: '{"text":' })).answer.error?.code).toBe("invalid_json");
  const { status, answer } = await ask({ body: '{"k":1000,"collection":"pages"}' });
  expect(status).toBe(400);
  expect(answer.error?.problems).toHaveLength(3);
  expect((await ask({ body: "[]" })).status).toBe(400);
});

test("a body beyond the limit is refused, declared or not", async () => {
  const body = JSON.stringify({ text: "a".repeat(maxBodyBytes) });
  expect((await ask({ body })).status).toBe(413);
  const response = await fetch(`${url}/search`, {
    method: "POST",
    headers: { "x-api-key": "open sesame" },
    body: new Blob([body]).stream(),
    duplex: "half",
  } as RequestInit);
  expect(response.status).toBe(413);
});

test("an unknown path is a 404, a wrong method a 405 that names the right one", async () => {
  expect((await ask({ path: "/query" })).status).toBe(404);
  expect((await ask({ path: "/constructor" })).status).toBe(404);
  const { status, headers } = await ask({ method: "GET" });
  expect([status, headers.get("allow")]).toEqual([405, "POST"]);
});

test.each([
  [503, "nothing_published", new NothingPublishedError("words")],
  [503, "not_open_yet", new NotOpenYetError("words", undefined)],
  [502, "embedding_failed", new QueryNotEmbeddedError(new RangeError("down"))],
])("a failure of ours is a %i %s that says what to do", async (expected, code, failure) => {
  api.failure = failure;
  const { status, answer } = await ask({});
  expect([status, answer.error?.code]).toEqual([expected, code]);
  expect(answer.error?.message).toContain(failure.remedy);
});

test.each([
  ["of an embedder that fails", new QueryNotEmbeddedError(new RangeError("down")), 1],
  ["of a shard that is not open", new NotOpenYetError("words", undefined), 1],
  ["that nobody foresaw", new RangeError("sqlite is locked"), 1],
  ["of a stack that has published nothing", new NothingPublishedError("words"), 0],
  ["that is the caller's", new VectorUnknownError("id"), 0],
])("a failure %s is counted as unanswered %#", async (_, failure, times) => {
  api.failure = failure;
  await ask({});
  expect(counted).toEqual(Array(times).fill("SearchesUnanswered"));
});

test("an unexpected error is logged with its reason, and the response does not expose it", async () => {
  api.failure = new RangeError("sqlite is locked");
  const { status, answer } = await ask({});
  expect(status).toBe(500);
  expect(JSON.stringify(answer)).not.toContain("sqlite");
  expect(logged.join()).toContain("sqlite is locked");
});

test("health needs no key and is 503 until every collection is open or known to be empty", async () => {
  const health = (lines: CollectionHealth) => {
    api.lines = lines;
    return ask({ path: "/health", method: "GET", key: null });
  };
  expect((await health(serving)).status).toBe(200);
  expect((await health({ ...serving, state: "empty" })).status).toBe(200);
  const { status, answer } = await health({ ...serving, state: "opening" });
  expect([status, answer]).toMatchObject([503, { status: "opening", collections: { words: serving } }]);
});

test("F24 neither key nor query text reaches the log", async () => {
  await ask({ body: '{"text":"private words"}' });
  await ask({ key: "wrong but secret" });
  expect(logged.length).toBe(2);
  expect(logged.join()).not.toMatch(/sesame|private|wrong/);
});

test("the neighbours of a vector are asked for by its id, with the key", async () => {
  const id = "IMAGE#image#RECEIPT#00001#LINE#00002";
  const get = (query: string, headers = { "x-api-key": "open sesame" }) =>
    fetch(`${url}/similar?${query}`, { headers });
  const found = await get(`id=${encodeURIComponent(id)}&k=3`);
  expect([found.status, ((await found.json()) as SimilarAnswer).of.id]).toEqual([200, id]);
  const refused = await get("id=total&k=many&colour=red");
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: { problems: { length: 3 } } });
  expect((await get(`id=${encodeURIComponent(id)}`, { "x-api-key": "wrong" })).status).toBe(401);
});

test("the service describes itself: every route, and every field of a request", async () => {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as ReturnType<typeof searchOpenApi>;
  expect(Object.keys(document.paths).sort()).toEqual([
    "/health",
    "/openapi.json",
    runsPath,
    "/search",
    "/similar",
  ]);
  const { schema } = document.paths["/search"].post.requestBody.content["application/json"];
  const { properties } = schema as { properties: object };
  expect(Object.keys(properties).sort()).toEqual([
    "collection",
    "filter",
    "group",
    "k",
    "label",
    "merchant",
    "mode",
    "text",
    "understand",
    "vector",
    "where",
  ]);
  const references = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
    ([, name]) => name,
  );
  expect(references.length).toBeGreaterThan(5);
  for (const name of references) expect(Object.keys(document.components.schemas)).toContain(name);
});

test("GET /runs says how far a receipt has come, and needs the key", async () => {
  const of = (receipt: string, headers = {}) =>
    fetch(`${url}/runs/7f0c1a52-3d5e-4b8a-9c11-2f6e8d4b9a01/${receipt}`, { headers });
  const key = { "x-api-key": "open sesame" };
  expect((await of("1")).status).toBe(401);
  expect(await (await of("1", key)).json()).toMatchObject({ receipt_id: 1, state: "COMPLETED", run_id: "r" });
  expect((await of("2", key)).status).toBe(404);
  expect((await of("zero", key)).status).toBe(400);
});
