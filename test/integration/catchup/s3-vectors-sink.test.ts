import type { IncomingMessage } from "node:http";
import { text as readText } from "node:stream/consumers";
import { S3VectorsClient } from "@aws-sdk/client-s3vectors";
import { namespaceSlug } from "../../../core/catchup/index/namespace-slug.ts";
import { S3VectorsSink } from "../../../core/catchup/index/s3-vectors/s3-vectors-sink.ts";
import { type LoopbackServer, serveLoopback } from "../../../local/loopback-server.ts";
import { vectorOf } from "./sinks/sink-contract.ts";

/** What a server answers to one request: nothing special, an error by its name, or a connection that breaks. */
type Answer = "done" | "cut" | readonly [status: number, error: string];

const asked: { readonly path: string; readonly body: Record<string, unknown> }[] = [];
const slept: number[] = [];
let server: LoopbackServer | undefined;
let client: S3VectorsClient;
afterEach(async () => {
  client.destroy();
  await server?.close();
  asked.length = 0;
  slept.length = 0;
});

/** A sink before a server that answers this script; its last answer repeats. Time passes as it sleeps. */
async function sinkBefore(script: readonly Answer[], budgetMs = 60_000): Promise<S3VectorsSink> {
  server = await serveLoopback(0, async (request: IncomingMessage, response) => {
    const body = await readText(request);
    asked.push({ path: request.url ?? "", body: JSON.parse(body) });
    const answer = script[Math.min(asked.length, script.length) - 1] ?? "done";
    if (answer === "cut") throw new Error("cut");
    const [status, error] = answer === "done" ? [200, undefined] : answer;
    response.writeHead(status, {
      "content-type": "application/json",
      ...(error !== undefined && { "x-amzn-errortype": error }),
    });
    response.end(error === undefined ? "{}" : JSON.stringify({ message: "so it is" }));
  });
  const credentials = { accessKeyId: "any", secretAccessKey: "any" };
  client = new S3VectorsClient({ endpoint: server.url, region: "us-east-1", credentials, maxAttempts: 1 });
  let now = 0;
  return new S3VectorsSink({
    client,
    bucketName: "records",
    giveUpAt: () => budgetMs,
    clock: {
      now: () => now,
      async sleep(ms) {
        slept.push(ms);
        now += ms;
      },
    },
  });
}

const throttled: Answer = [429, "TooManyRequestsException"];
const missing: Answer = [404, "NotFoundException"];

test("a put has the numbers with eight decimals, and the metadata as they are", async () => {
  const sink = await sinkBefore(["done"]);
  await sink.upsert("v2", [vectorOf("12.1")]);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({
    path: "/PutVectors",
    body: {
      vectorBucketName: "records",
      indexName: namespaceSlug("v2"),
      vectors: [
        {
          key: "12.1",
          data: { float32: [0.5, -0.25, 0.12345679, 1] },
          metadata: vectorOf("12.1").metadata,
        },
      ],
    },
  });
});

describe("throttling is no attempt (F23)", () => {
  test("it is waited for, more often than attempts last", async () => {
    const sink = await sinkBefore([...Array.from({ length: 8 }, () => throttled), "done"]);
    await sink.upsert("v2", [vectorOf("12.1")]);
    expect(asked).toHaveLength(9);
    expect(slept).toHaveLength(8);
    expect(Math.max(...slept)).toBeLessThanOrEqual(2_000);
  });

  test("and ends as IndexThrottledError where it would pass the time given", async () => {
    const sink = await sinkBefore([throttled], 3_000);
    await expect(sink.upsert("v2", [vectorOf("12.1")])).rejects.toMatchObject({
      name: "IndexThrottledError",
    });
  });
});

test.each<[string, Answer]>([
  ["a connection that breaks", "cut"],
  ["a server error", [500, "InternalServerException"]],
  ["a service that is away", [503, "ServiceUnavailableException"]],
  ["a request that took too long", [408, "RequestTimeoutException"]],
])("%s is tried again, and is an outage where it stays", async (_, answer) => {
  const sink = await sinkBefore([answer, answer, "done"]);
  await sink.upsert("v2", [vectorOf("12.1")]);
  expect(asked).toHaveLength(3);
  client.destroy();
  await server?.close();
  asked.length = 0;
  const away = await sinkBefore([answer]);
  await expect(away.upsert("v2", [vectorOf("12.1")])).rejects.toMatchObject({
    name: "IndexUnavailableError",
  });
  expect(asked).toHaveLength(5);
});

test.each<[Answer, string]>([
  [[400, "ValidationException"], "VectorsRefusedError"],
  [[403, "AccessDeniedException"], "IndexNotAllowedError"],
  [[402, "ServiceQuotaExceededException"], "IndexNotAllowedError"],
  [[400, "KmsDisabledException"], "IndexNotAllowedError"],
])("%j is %s, and is not sent again", async (answer, name) => {
  const sink = await sinkBefore([answer]);
  await expect(sink.upsert("v2", [vectorOf("12.1")])).rejects.toMatchObject({ name });
  expect(asked).toHaveLength(1);
});

describe("an index that is missing", () => {
  test("is made with the dimension of the vectors, and text and hash that no query filters by", async () => {
    const sink = await sinkBefore([missing, "done"]);
    await sink.upsert("v2", [vectorOf("12.1")]);
    expect(asked.map(({ path }) => path)).toEqual(["/PutVectors", "/CreateIndex", "/PutVectors"]);
    expect(asked[1]?.body).toEqual({
      vectorBucketName: "records",
      indexName: namespaceSlug("v2"),
      dataType: "float32",
      dimension: 4,
      distanceMetric: "cosine",
      metadataConfiguration: { nonFilterableMetadataKeys: ["text", "content_hash"] },
    });
  });

  test("may have been made by another process meanwhile", async () => {
    const sink = await sinkBefore([missing, [409, "ConflictException"], "done"]);
    await sink.upsert("v2", [vectorOf("12.1")]);
    expect(asked).toHaveLength(3);
  });

  test("and whose bucket is missing too is a wrong configuration", async () => {
    const sink = await sinkBefore([missing]);
    await expect(sink.upsert("v2", [vectorOf("12.1")])).rejects.toThrow("there is no vector bucket records");
    expect(asked).toHaveLength(2);
  });
});

test("a name keeps what a name may have, and namespaces apart that differ in the rest", () => {
  expect(namespaceSlug("v2")).toMatch(/^v2-[0-9a-f]{8}$/);
  expect(namespaceSlug("!!!")).toMatch(/^namespace-[0-9a-f]{8}$/);
  const all = ["Orders_2026", "orders-2026", "orders 2026", "x".repeat(200), "x".repeat(199)].map(
    namespaceSlug,
  );
  expect(new Set(all).size).toBe(all.length);
  for (const name of all) expect(name).toMatch(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/);
});
