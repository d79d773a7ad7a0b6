import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ShardName } from "../../../contract/collections.ts";
import type { Embedder } from "../../../core/embedding/embedder.ts";
import { silentLog } from "../../../core/log.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import type { CollectionHealth } from "../../../core/search/followed-collection.ts";
import { QueryService } from "../../../core/search/query-service.ts";
import type { SearchAnswer } from "../../../core/search/search.ts";
import { PortTakenError } from "../../../core/search/search-errors.ts";
import { ScriptedSource } from "../../unit/search/scripted-source.ts";

const embedder: Embedder = {
  model: "ones",
  dimensions: 2,
  embed: async (texts) => texts.map(() => new Uint8Array(Float32Array.from([1, 1]).buffer)),
};

function start(lines: ScriptedSource, port = 0): Promise<QueryService> {
  return startOn({ lines, words: new ScriptedSource() }, port);
}

function startOn(sources: Readonly<Record<string, ScriptedSource>>, port = 0): Promise<QueryService> {
  return QueryService.start({
    statusOf: async () => undefined,
    sources: new Map(Object.entries(sources) as [ShardName, ScriptedSource][]),
    embedder,
    apiKey: "key",
    host: "127.0.0.1",
    port,
    pollMs: 5,
    minCosine: 0,
    log: silentLog,
    metrics: silentMetrics,
  });
}

function searchFor(text: string, { port }: QueryService, others: object = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/search`, {
    method: "POST",
    headers: { "x-api-key": "key" },
    body: JSON.stringify({ text, ...others }),
  });
}

test("hits come best first with their receipt, and say which generation answered", async () => {
  const lines = new ScriptedSource();
  lines.publish(1);
  const service = await start(lines);
  await sleep(20);
  const metadata = { image_id: "image", receipt_id: 2, line_id: 3, text: "TOTAL" };
  for (const generation of lines.opened) {
    generation.neighbours = [
      { id: "b", document: "CASH", metadata, similarity: 0.5 },
      { id: "c", document: "TOTAL", metadata, similarity: 0.9 },
      { id: "a", document: "CASH", metadata, similarity: 0.5 },
    ];
  }

  const answer = (await (await searchFor("total", service)).json()) as SearchAnswer;

  expect(lines.opened[0]?.queries).toEqual([{ vector: [1, 1], k: 5, filter: [] }]);
  expect(answer).toMatchObject({ collection: "lines", generations: { lines: 1 } });
  expect(answer.hits.map(({ id }) => id)).toEqual(["c", "a", "b"]);
  expect(answer.hits[0]).toEqual({
    id: "c",
    image_id: "image",
    receipt_id: 2,
    line_id: 3,
    text: "TOTAL",
    score: 0.9,
    metadata,
  });
  await service.stop();
});

test("the filters of a request are passed to the generation", async () => {
  const lines = new ScriptedSource();
  lines.publish(1);
  const service = await start(lines);
  await sleep(20);
  await searchFor("total", service, { merchant: "Aldi", filter: { receipt_id: 2 } });
  await service.stop();
  const filter = [
    { anyOf: ["receipt_id"], equals: 2 },
    { anyOf: ["merchant_name", "canonical_merchant_name"], equals: "Aldi" },
  ];
  expect(lines.opened[0]?.queries).toEqual([{ vector: [1, 1], k: 5, filter }]);
});

test("generations are swapped under load without a failed request, and every old one is closed", async () => {
  const lines = new ScriptedSource();
  lines.publish(1);
  const service = await start(lines);
  await sleep(20);
  const statuses = new Set<number>();
  for (let number = 2; number <= 101; number += 1) {
    lines.publish(number);
    const answers = await Promise.all(Array.from({ length: 10 }, () => searchFor("total", service)));
    for (const { status } of answers) statuses.add(status);
    await sleep(8);
  }
  expect([...statuses]).toEqual([200]);
  expect(lines.opened.length).toBeGreaterThan(2);
  expect(lines.opened.filter(({ closed }) => !closed)).toHaveLength(1);
  await service.stop();
  expect(lines.opened.filter(({ closed }) => !closed)).toHaveLength(0);
});

describe("a collection that is split", () => {
  const first = "lines-1of3";
  const second = "lines-2of3";
  const third = "lines-3of3";
  let shards: Record<typeof first | typeof second | typeof third, ScriptedSource>;
  let service: QueryService | undefined;

  beforeEach(() => {
    shards = { [first]: new ScriptedSource(), [second]: new ScriptedSource(), [third]: new ScriptedSource() };
  });
  afterEach(() => service?.stop());

  /** Whether each shard is open, or known to be empty or corrupt. */
  async function isLookedAt({ port }: QueryService): Promise<boolean> {
    const answer = await (await fetch(`http://127.0.0.1:${port}/health`)).json();
    const { collections } = answer as { collections: Record<string, CollectionHealth> };
    return Object.values(collections).every(({ state, problem }) => state !== "opening" || problem !== null);
  }

  /** Each shard answers with these ids and similarities. */
  async function serve(found: Readonly<Partial<Record<keyof typeof shards, Record<string, number>>>>) {
    service = await startOn({ ...shards, "words-1of3": new ScriptedSource() });
    while (!(await isLookedAt(service))) await sleep(5);
    for (const [shard, hits] of Object.entries(found)) {
      for (const generation of shards[shard as keyof typeof shards].opened) {
        generation.neighbours = Object.entries(hits).map(([id, similarity]) => {
          return { id, document: "TOTAL", metadata: {}, similarity };
        });
      }
    }
    return service;
  }

  test("answers with the best of all shards, ties by id, and says which generation of each answered", async () => {
    shards[first].publish(4);
    shards[second].publish(9);
    shards[third].publish(1);
    const found = { [first]: { d: 0.9, c: 0.5 }, [second]: { a: 0.7, b: 0.5 }, [third]: { e: 0.1 } };
    const response = await searchFor("total", await serve(found), { k: 3 });
    const answer = (await response.json()) as SearchAnswer;
    expect(answer.hits.map(({ id }) => id)).toEqual(["d", "a", "b"]);
    expect(answer.generations).toEqual({ [first]: 4, [second]: 9, [third]: 1 });
    for (const { opened } of Object.values(shards)) {
      expect(opened[0]?.queries).toEqual([{ vector: [1, 1], k: 3, filter: [] }]);
    }
  });

  test("has no hits in a shard in which nothing is published", async () => {
    shards[second].publish(9);
    const answer = await (await searchFor("total", await serve({ [second]: { a: 0.7 } }))).json();
    expect(answer).toMatchObject({
      hits: [{ id: "a" }],
      generations: { [first]: null, [second]: 9, [third]: null },
    });
  });

  test("with nothing published reports that for the collection", async () => {
    const response = await searchFor("total", await serve({}));
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { error: { code: "nothing_published", message: expect.stringContaining("in collection lines yet") } },
    ]);
  });

  test("does not answer while a shard is not open, for its hits would be missing", async () => {
    shards[first].publish(4);
    shards[second].corrupt.add(shards[second].publish(9).name);
    const response = await searchFor("total", await serve({ [first]: { a: 0.7 } }));
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { error: { code: "not_open_yet", message: expect.stringContaining(second) } },
    ]);
    expect(shards[first].opened[0]?.queries).toEqual([]);
    await service?.stop();
    service = undefined;
    expect(shards[first].opened[0]?.closed).toBe(true);
  });

  test("keeps responding while the first generation of an empty shard opens", async () => {
    shards[first].publish(4);
    const running = await serve({ [first]: { a: 0.7 } });
    shards[second].corrupt.add(shards[second].publish(1).name);
    while (shards[second].openings === 0) await sleep(5);
    expect((await searchFor("total", running)).status).toBe(200);
    const health = await fetch(`http://127.0.0.1:${running.port}/health`);
    expect([health.status, await health.json()]).toMatchObject([
      200,
      {
        collections: {
          [first]: { state: "serving", generation: 4 },
          [second]: { state: "empty", generation: null, head_generation: 1, lag_generations: 1 },
          [third]: { state: "empty", head_generation: null },
          "words-1of3": { state: "empty" },
        },
      },
    ]);
  });
});

test("a port in use is named, with what to do", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  await expect(start(new ScriptedSource(), port)).rejects.toThrow(PortTakenError);
  other.close();
});
