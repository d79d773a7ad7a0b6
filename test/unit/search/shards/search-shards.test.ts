import { type ShardName, shardNames } from "../../../../contract/collections.ts";
import { queryServerRoutes, searchRoutes } from "../../../../contract/search-routes.ts";
import type { StoredVector } from "../../../../core/collections/chroma/vector-store.ts";
import { shardOf } from "../../../../core/documents/shards.ts";
import { silentLog } from "../../../../core/log.ts";
import { silentMetrics } from "../../../../core/metrics.ts";
import { FollowedCollection } from "../../../../core/search/followed-collection.ts";
import type { OpenGeneration } from "../../../../core/search/generation-source.ts";
import { type SearchHost, searchOpenApi } from "../../../../core/search/openapi.ts";
import { search } from "../../../../core/search/search.ts";
import { ShardNotAnsweredError } from "../../../../core/search/search-errors.ts";
import { searchRequest } from "../../../../core/search/search-request.ts";
import { type AnswerDeps, answerRequest } from "../../../../core/search/shards/answer-request.ts";
import {
  type ShardsDeps,
  searchShards,
  similarShards,
} from "../../../../core/search/shards/search-shards.ts";
import { shardEvent, shardReply } from "../../../../core/search/shards/shard-event.ts";
import { ShardSearch } from "../../../../core/search/shards/shard-search.ts";
import { similar } from "../../../../core/search/similar.ts";
import { Snapshot } from "../../../../core/search/snapshot/snapshot.ts";
import { ManualClock } from "../../resilience/clocks.ts";

const shards = shardNames("lines", 3);
const texts = ["TOTAL 4.10", "OAT LATTE", "MILK", "CASH 5.00", "CHANGE 0.90", "SALTED ANCHOR"];
const stored = Array.from({ length: 30 }, (_, at): StoredVector => {
  const imageId = `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`;
  return {
    id: `IMAGE#${imageId}#RECEIPT#00001#LINE#00001`,
    document: texts[at % texts.length] ?? "",
    metadata: { image_id: imageId, receipt_id: 1, line_id: 1, row: 0, column: 0 },
    vector: Float32Array.from([Math.cos(at), Math.sin(at)]),
  };
});
const vectors = { of: async () => [1, 0.3] };
const counted: string[] = [];
const telemetry = {
  log: silentLog,
  metrics: { ...silentMetrics, count: (name: string) => void counted.push(name) },
};

beforeEach(() => {
  counted.length = 0;
});

async function followed(shard: ShardName, own: readonly StoredVector[] | undefined) {
  const open: OpenGeneration = {
    number: 7,
    name: "00000007-a",
    count: own?.length ?? 0,
    snapshot: await Snapshot.of(own ?? [], 2),
    query: async () => [],
    alive: () => true,
    close: async () => {},
  };
  const head = async () => (own ? { number: 7, name: open.name } : undefined);
  const made = new FollowedCollection(shard, { head, open: async () => open }, silentLog);
  await made.poll();
  return made;
}

/** Each shard in a process of its own: what passes between them is JSON. */
async function apart(published: readonly ShardName[] = shards) {
  const all = await Promise.all(
    shards.map((shard) => {
      const own = stored.filter(
        ({ metadata }) => shardOf("lines", String(metadata.image_id), shards.length) === shard,
      );
      return followed(shard, published.includes(shard) ? own : undefined);
    }),
  );
  const searches = new Map(
    all.map((each) => [
      each.shard,
      new ShardSearch(each, { dimensions: 2, minCosine: 0, clock: new ManualClock() }),
    ]),
  );
  const asking: ShardsDeps = {
    collectionShards: shards.length,
    dimensions: 2,
    vectors,
    ask: async (shard, event) => {
      const passed = shardEvent.parse(JSON.parse(JSON.stringify(event)));
      return shardReply.parse(JSON.parse(JSON.stringify(await searches.get(shard)?.answer(passed))));
    },
  };
  return { all, deps: answering(asking) };
}

function answering(asking: ShardsDeps): AnswerDeps & ShardsDeps {
  return {
    ...asking,
    statusOf: async () => undefined,
    search: (body) => searchShards(body, asking),
    similar: (request) => similarShards(request, asking),
  };
}

test.each([
  [{ text: "total 4.10", k: 7 }],
  [{ text: "how much did I pay at the Salted Anchor" }],
  [{ vector: [0.2, -1], k: 12, mode: "dense" }],
  [{ text: "latte", where: { line_id: { gte: 1 } }, group: "line" }],
])("shards in processes of their own answer as one that has them all: %j", async (body) => {
  const { all, deps } = await apart();
  const request = searchRequest(2).parse(body);
  expect(JSON.parse(JSON.stringify(await searchShards(body, deps)))).toEqual(
    JSON.parse(JSON.stringify(await search(request, all, { of: vectors.of } as never, 0))),
  );
});

test("neighbours are those of all shards, and an unknown id has none", async () => {
  const { all, deps } = await apart();
  const request = { id: stored[4]?.id ?? "", k: 6 };
  const together = JSON.parse(JSON.stringify(await similar(request, all)));
  const found = JSON.parse(JSON.stringify(await similarShards(request, deps)));
  expect(found.hits.map(({ id }: { id: string }) => id)).toEqual(
    together.hits.map(({ id }: { id: string }) => id),
  );
  expect(found).toMatchObject({ of: together.of, labels: together.labels });
  const unknown = { id: "IMAGE#none#RECEIPT#00001#LINE#00001", k: 1 };
  await expect(similarShards(unknown, deps)).rejects.toMatchObject({ status: 404, code: "vector_unknown" });
});

test("a shard in which nothing is published has no hits; where that is all, the caller is told", async () => {
  const { deps } = await apart(["lines-2of3"]);
  const { generations, hits } = await searchShards({ text: "total", k: 100 }, deps);
  expect(generations).toEqual({ "lines-1of3": null, "lines-2of3": 7, "lines-3of3": null });
  expect(hits.length).toBeGreaterThan(0);
  const nothing = await apart([]);
  const request = { method: "POST", path: "/search", query: {}, body: Buffer.from('{"text":"total"}') };
  const { status, headers, body } = await answerRequest(request, nothing.deps, telemetry);
  expect(status).toBe(503);
  expect(headers).toMatchObject({ "retry-after": "5" });
  expect(body).toMatchObject({ error: { code: "nothing_published" } });
  expect(counted).toEqual([]);
});

test.each([
  ["POST", "/search", "{", 400],
  ["POST", "/search", '{"text":"a","k":0}', 400],
  ["POST", "/search", JSON.stringify({ text: "a".repeat(200_000) }), 413],
  ["GET", "/similar", "", 400],
  ["GET", "/openapi.json", "", 200],
  ["PUT", "/search", "", 404],
])("%s %s with %.20s is answered with its status", async (method, path, body, status) => {
  const { deps } = await apart();
  const request = { method, path, query: {}, body: Buffer.from(body) };
  expect((await answerRequest(request, deps, telemetry)).status).toBe(status);
});

const totalAsked = { method: "POST", path: "/search", query: {}, body: Buffer.from('{"text":"total"}') };

test("a search that a shard does not answer is a 503 that says so, and counted", async () => {
  const { deps } = await apart();
  const ask = () => Promise.reject(new ShardNotAnsweredError("lines-2of3", "its function failed"));
  const { status, headers, body } = await answerRequest(totalAsked, answering({ ...deps, ask }), telemetry);
  expect([status, headers["retry-after"], counted]).toEqual([503, "5", ["SearchesUnanswered"]]);
  expect(body).toMatchObject({ error: { code: "shard_not_answered" } });
});

test("an error that nobody foresaw fails the invocation, so that it is one of Lambda's errors", async () => {
  const { deps } = await apart();
  const ask = () => Promise.reject(new TypeError("no such field"));
  await expect(answerRequest(totalAsked, answering({ ...deps, ask }), telemetry)).rejects.toThrow(
    "no such field",
  );
});

test("every route of the contract is answered, and the description has exactly those", async () => {
  const { deps } = await apart();
  for (const route of searchRoutes) {
    const [method = "", path = ""] = route.split(" ");
    const asked = { method, path, query: {}, body: Buffer.from("{}") };
    const { status } = await answerRequest(asked, deps, telemetry);
    expect([route, status]).toEqual([route, path === "/openapi.json" ? 200 : 400]);
  }
  expect(described("lambda")).toEqual([...searchRoutes].sort());
  expect(described("ecs")).toEqual([...queryServerRoutes].sort());
});

const imageId = "7f0c1a52-3d5e-4b8a-9c11-2f6e8d4b9a01";
const runAsked = (path: string) => ({ method: "GET", path, query: {}, body: Buffer.alloc(0) });

test("GET /runs says how far a receipt has come, with the reason of what failed", async () => {
  const { deps } = await apart();
  const halves = { lines: { state: "COMPLETED" }, words: { state: "FAILED", error: "it is bad" } } as const;
  const statusOf = jest.fn(async () => ({ state: "FAILED", runId: "r", revision: 0, halves }) as const);
  const { status, body } = await answerRequest(
    runAsked(`/runs/${imageId}/7`),
    { ...deps, statusOf },
    telemetry,
  );
  expect([status, body]).toEqual([
    200,
    {
      image_id: imageId,
      receipt_id: 7,
      state: "FAILED",
      run_id: "r",
      exported_at: "1970-01-01T00:00:00.000Z",
      ...halves,
    },
  ]);
  expect(statusOf.mock.calls).toEqual([[{ imageId, receiptId: 7 }]]);
});

test.each([
  ["a receipt that was never embedded", `/runs/${imageId}/7`, 404],
  ["an image without a UUID", "/runs/x/7", 400],
  ["receipt 0", `/runs/${imageId}/0`, 400],
  ["a number in another form", `/runs/${imageId}/007`, 400],
  ["no receipt", `/runs/${imageId}`, 404],
  ["more than a receipt", `/runs/${imageId}/7/lines`, 404],
])("GET /runs refuses %s", async (_, path, expected) => {
  const { deps } = await apart();
  expect(await answerRequest(runAsked(path), deps, telemetry)).toMatchObject({ status: expected });
});

/** Behind the gateway everything needs the key, and its own refusals have another form. */
test("the description says how its host refuses a key", () => {
  const { paths: ofFunctions } = searchOpenApi(2, "lambda");
  const { paths: ofServer } = searchOpenApi(2, "ecs");
  expect(Object.keys(ofFunctions["/search"].post.responses)).toEqual(expect.arrayContaining(["403", "429"]));
  expect(Object.keys(ofFunctions["/search"].post.responses)).not.toContain("401");
  expect(Object.keys(ofServer["/search"].post.responses)).toContain("401");
  expect(ofFunctions["/openapi.json"].get).not.toHaveProperty("security");
  expect(ofServer["/openapi.json"].get).toHaveProperty("security", []);
});

function described(host: SearchHost): string[] {
  return Object.entries(searchOpenApi(2, host).paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    .sort();
}
