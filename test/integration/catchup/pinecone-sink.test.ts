import type { IncomingMessage } from "node:http";
import { text as readText } from "node:stream/consumers";
import { PineconeSink } from "../../../core/catchup/index/pinecone/pinecone-sink.ts";
import { type LoopbackServer, sendJson, serveLoopback } from "../../../local/loopback-server.ts";
import { bytesOf } from "./sinks/sink-contract.ts";

/** What a server answers to one request; `cut` breaks the connection. */
type Answer = { status: number; body?: unknown; text?: string; headers?: Record<string, string> } | "cut";

let server: LoopbackServer | undefined;
const asked: { readonly path: string; readonly key: unknown; readonly body: string }[] = [];
const versions: unknown[] = [];

afterEach(async () => {
  await server?.close();
  asked.length = 0;
  versions.length = 0;
});

const taken: Answer = { status: 200, body: { upsertedCount: 1 } };

/** An index before a server that answers this script; its last answer repeats. */
async function indexBefore(script: readonly Answer[], budgetMs = 20_000): Promise<PineconeSink> {
  server = await serveLoopback(0, async (request: IncomingMessage, response) => {
    const body = await readText(request);
    asked.push({ path: request.url ?? "", key: request.headers["api-key"], body });
    versions.push(request.headers["x-pinecone-api-version"]);
    const answer = script[Math.min(asked.length, script.length) - 1] ?? taken;
    if (answer === "cut") throw new Error("cut");
    for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
    if (answer.text !== undefined) return void response.writeHead(answer.status).end(answer.text);
    sendJson(response, answer.status, answer.body ?? { code: 3, message: "no, not with pc-secret" });
  });
  const giveUpAt = Date.now() + budgetMs;
  return new PineconeSink({ apiKey: "pc-secret", host: server.url, giveUpAt: () => giveUpAt });
}

const vector = { id: "12.1", vector: bytesOf([0.25, 0.5]), metadata: { text: "a" } };
const busy: Answer = { status: 429, headers: { "retry-after-ms": "10" } };

test("vectors go out with the key, the namespace and their metadata", async () => {
  const index = await indexBefore([taken]);
  await index.upsert("v2", [vector]);
  expect(asked).toEqual([{ path: "/vectors/upsert", key: "pc-secret", body: expect.any(String) }]);
  expect(JSON.parse(asked[0]?.body ?? "")).toEqual({
    namespace: "v2",
    vectors: [{ id: "12.1", values: [0.25, 0.5], metadata: { text: "a" } }],
  });
});

test("an upsert asks for the version of the API that the client asks for", async () => {
  const index = await indexBefore([taken, { status: 200, body: { dimension: 2, namespaces: {} } }]);
  await index.upsert("v2", [vector]);
  await index.describe("v2");
  expect(versions[0]).toBeDefined();
  expect(versions[0]).toBe(versions[1]);
});

test("a body that is too large for the index is refused, so that it is cut", async () => {
  const index = await indexBefore([{ status: 413, text: "too large" }]);
  await expect(index.upsert("v2", [vector])).rejects.toMatchObject({ name: "VectorsRefusedError" });
});

test("a server error that stays ends as IndexUnavailableError after five attempts", async () => {
  const index = await indexBefore([{ status: 503 }]);
  await expect(index.upsert("v2", [vector])).rejects.toMatchObject({ name: "IndexUnavailableError" });
  expect(asked).toHaveLength(5);
});

describe("429 is no attempt (F23)", () => {
  test("it is waited for as long as Pinecone says, more often than attempts last", async () => {
    const index = await indexBefore([...Array.from({ length: 8 }, () => busy), taken]);
    await index.upsert("v2", [vector]);
    expect(asked).toHaveLength(9);
  });

  test("and ends as IndexThrottledError where it would pass the time given", async () => {
    const index = await indexBefore([{ status: 429, headers: { "retry-after": "30" } }], 1_000);
    await expect(index.upsert("v2", [vector])).rejects.toMatchObject({ name: "IndexThrottledError" });
    expect(asked).toHaveLength(1);
  });
});

test("a connection that is cut is tried again", async () => {
  const index = await indexBefore(["cut", "cut", taken]);
  await index.upsert("v2", [vector]);
  expect(asked).toHaveLength(3);
});

test.each([
  [400, "VectorsRefusedError"],
  [401, "IndexNotAllowedError"],
  [402, "IndexNotAllowedError"],
  [403, "IndexNotAllowedError"],
  [404, "IndexNotAllowedError"],
])("HTTP %i is %s, and is not sent again", async (status, name) => {
  const index = await indexBefore([{ status }]);
  await expect(index.upsert("v2", [vector])).rejects.toMatchObject({ name });
  expect(asked).toHaveLength(1);
});

test.each([401, 403])("HTTP %i does not repeat the key, also where Pinecone does (F24)", async (status) => {
  const index = await indexBefore([{ status }]);
  const failure = await index.upsert("v2", [vector]).catch((error: Error) => error);
  expect(`${failure}${JSON.stringify(failure)}`).not.toContain("pc-secret");
});

test("a server error is tried again, and ends as IndexUnavailableError where it stays", async () => {
  const index = await indexBefore([{ status: 503 }, taken]);
  await index.upsert("v2", [vector]);
  expect(asked).toHaveLength(2);
});

describe("F34: a success that is none", () => {
  test.each([
    ["an error", { code: 14, message: "busy" }, "IndexUnavailableError"],
    ["a refusal", { code: 400, message: "no such field" }, "VectorsRefusedError"],
    ["an error object", { error: { code: "UNAUTHENTICATED", message: "bad key" } }, "IndexNotAllowedError"],
  ])("%s in a 200 is %s", async (_, body, name) => {
    const index = await indexBefore([{ status: 200, body }], 2_000);
    await expect(index.upsert("v2", [vector])).rejects.toMatchObject({ name });
  });

  test("an empty 200 is tried again", async () => {
    const index = await indexBefore([{ status: 200, text: "" }, taken]);
    await index.upsert("v2", [vector]);
    expect(asked).toHaveLength(2);
  });
});

test("the dimension of the index comes from its stats", async () => {
  const index = await indexBefore([
    { status: 200, body: { dimension: 1_536, namespaces: {}, indexFullness: 0 } },
  ]);
  expect(await index.describe("v2")).toEqual({ dimension: 1_536, isUsed: false });
});
