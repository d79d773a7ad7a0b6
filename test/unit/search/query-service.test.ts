import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Embedder } from "../../../core/embedding/embedder.ts";
import { silentLog } from "../../../core/log.ts";
import { QueryService } from "../../../core/search/query-service.ts";
import type { SearchAnswer } from "../../../core/search/search.ts";
import { PortTaken } from "../../../core/search/search-failures.ts";
import { ScriptedSource } from "./scripted-source.ts";

const embedder: Embedder = {
  model: "ones",
  dimensions: 2,
  embed: async (texts) => texts.map(() => new Uint8Array(Float32Array.from([1, 1]).buffer)),
};

function start(lines: ScriptedSource, port = 0): Promise<QueryService> {
  return QueryService.start({
    sources: { lines, words: new ScriptedSource() },
    embedder,
    apiKey: "key",
    host: "127.0.0.1",
    port,
    pollMs: 5,
    log: silentLog,
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
  expect(answer).toMatchObject({ collection: "lines", generation: 1 });
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

test("what a request asks of its hits is asked of the generation", async () => {
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
  for (let number = 2; number <= 12; number += 1) {
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

test("a port in use is named, with what to do", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  await expect(start(new ScriptedSource(), port)).rejects.toThrow(PortTaken);
  other.close();
});
