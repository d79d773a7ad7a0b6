import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { silentLog } from "../../core/log.ts";
import { silentMetrics } from "../../core/metrics.ts";
import { searchHttpServer } from "../../core/search/http-server.ts";
import { readCase, testCases } from "./reported-cases.ts";

const key = "a key of the search service";
let server: Server;

/** What stands for a body in the case's list, where the body itself would be long. */
const described: Readonly<Record<string, string>> = {
  BOM: '\ufeff{"text":"coffee"}',
  "[ x 20000": "[".repeat(20_000),
  "k 1e400": '{"text":"coffee","k":1e400}',
  "filter {$and:[]}": '{"text":"coffee","filter":{"$and":[]}}',
  "filter line_id 1.5": '{"text":"coffee","filter":{"line_id":1.5}}',
  "vector of 1e39": JSON.stringify({ vector: [1e39, 1e39, 1e39] }),
  "100,000 words": JSON.stringify({ text: "word ".repeat(100_000) }),
};

beforeAll(async () => {
  const api = {
    search: async () => ({ collection: "lines" as const, generations: {}, hits: [] }),
    similar: () => Promise.reject(new Error("not asked here")),
    statusOf: async () => undefined,
    health: () => ({}),
  };
  server = searchHttpServer(api, { apiKey: key, dimensions: 3, log: silentLog, metrics: silentMetrics });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, "close");
});

async function search(body: string | Buffer): Promise<{ status: number; said: string }> {
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/search`, {
    method: "POST",
    headers: { "x-api-key": key },
    body,
  });
  return { status: answer.status, said: await answer.text() };
}

testCases({
  "65-search-odd-requests": async () => {
    const { bodies } = JSON.parse(readCase("65-search-odd-requests", "input.json")) as { bodies: string[] };
    const answers = new Map<string, [number, string]>();
    for (const body of bodies) {
      const { status, said } = await search(described[body] ?? body);
      answers.set(body, [status, said]);
    }
    expect(Object.fromEntries(answers)).toEqual({
      // As the file has it, the text holds a backslash; the half of a pair itself is below.
      '{"text":"caf\\\\ud83d"}': [200, expect.stringContaining("hits")],
      BOM: [200, expect.stringContaining("hits")],
      "[ x 20000": [400, expect.stringContaining("not JSON")],
      "k 1e400": [400, expect.stringContaining("k: ")],
      "filter {$and:[]}": [400, expect.stringContaining("filter.$and: ")],
      "filter line_id 1.5": [400, expect.stringContaining("filter.line_id: ")],
      "vector of 1e39": [400, expect.stringContaining("number 0 is 1e+39, which float32 cannot hold")],
      "100,000 words": [413, expect.stringContaining("bytes at most")],
    });
  },
});

/** Of the same kinds, and not in the list. */
const siblings: readonly [string, string | Buffer, string][] = [
  ["balanced brackets", `${"[".repeat(20_000)}${"]".repeat(20_000)}`, "expected object"],
  ["deep filter", `{"text":"a","filter":${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}}`, "filter.a: "],
  ["half a pair in a merchant", '{"text":"a","merchant":"\\ude00"}', "merchant: has an unpaired surrogate"],
  ["half a pair in a filter", '{"text":"a","filter":{"text":"\\ude00"}}', "filter.text: has an unpaired"],
  ["half a pair in a label", '{"text":"a","label":"\\ude00"}', "label: has an unpaired surrogate"],
  ["a vector of zeros", '{"vector":[0,0,0]}', "zeros has no direction"],
  ["a vector of 1e400", '{"vector":[1,1e400,1]}', "vector.1: "],
  ["a vector whose squares overflow", '{"vector":[1e38,1e38,1e38]}', "float32 cannot square"],
  ["a vector whose squares vanish", '{"vector":[1e-30,1e-30,1e-30]}', "float32 cannot square"],
  ["a vector of nulls", '{"vector":[null,null,null]}', "vector.0: "],
  ["a filter on __proto__", '{"text":"a","filter":{"__proto__":"a"}}', "filter"],
  ["a filter on constructor", '{"text":"a","filter":{"constructor":"a"}}', "no vector has this key"],
  ["bytes that are not UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), "not UTF-8"],
  ["null", "null", "expected object"],
  ["no body", "", "not JSON"],
];

test.each(siblings)("F33: %s is answered with 400 and the problem", async (_, body, problem) => {
  const { status, said } = await search(body);
  expect([status, said]).toEqual([400, expect.stringContaining(problem)]);
});

test("F32: a vector of a thousand words is answered with some of its problems", async () => {
  const words = Array.from({ length: 1_000 }, () => "word");
  const { status, said } = await search(
    JSON.stringify({
      vector: words,
      filter: Object.fromEntries(words.map((word, n) => [`${word}${n}${"k".repeat(50)}`, 1])),
      ["k".repeat(20_000)]: 1,
    }),
  );
  expect(status).toBe(400);
  expect(said.length).toBeLessThan(8_000);
  expect(said).toContain("more");
});
