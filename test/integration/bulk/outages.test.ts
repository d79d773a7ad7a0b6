import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { Outages } from "../../../core/bulk/work/outages.ts";
import { IndexUnavailableError, VectorsRefusedError } from "../../../core/catchup/index/index-errors.ts";
import type { VectorSink } from "../../../core/catchup/index/vector-sink.ts";
import { TaskStore } from "../../../core/catchup/tasks/task-store.ts";
import { EmbeddingUnavailableError } from "../../../core/embedding/embedding-errors.ts";
import { CircuitOpenError } from "../../../core/resilience/circuit-breaker.ts";
import { FakeIndex } from "../../unit/catchup/fake-providers.ts";
import { TaskTables, taskOf } from "../../unit/catchup/task-tables.ts";

const fails = (error: Error) => async () => Promise.reject(error);
const index = (error: Error): VectorSink => {
  const { sink, limits } = new FakeIndex();
  const failing = fails(error);
  return { sink, limits, upsert: failing, delete: failing, contentHashes: failing, describe: failing };
};

/** Calls until the circuit is open. Returns how many it took, at most ten. */
async function callsUntilOpen(call: () => Promise<unknown>): Promise<number> {
  for (let calls = 1; calls <= 10; calls += 1) {
    const error = await call().catch((failure: unknown) => failure);
    if (error instanceof CircuitOpenError) return calls;
  }
  return Number.POSITIVE_INFINITY;
}

let outages: Outages;

beforeEach(() => {
  outages = new Outages();
});

/** From the last failure until a call is let through. */
function openMs(): number {
  try {
    outages.check();
    return 0;
  } catch (error) {
    return (error as CircuitOpenError).retryAt - Date.now();
  }
}

test("an embedding provider is called no more after 3 failures, for 180 s", async () => {
  const error = new EmbeddingUnavailableError("fake", 5, new Error("away"));
  const embedder = outages.embedder({ model: "fake", dimensions: 4, embed: fails(error) });
  expect(await callsUntilOpen(() => embedder.embed(["a"]))).toBe(3);
  expect(Math.round(openMs() / 10_000)).toBe(18);
});

test("an index is called no more after 5 failures, for 300 s; refused vectors are none", async () => {
  const away = outages.index(index(new IndexUnavailableError("pinecone", new Error("away"))));
  const refusing = outages.index(index(new VectorsRefusedError("pinecone", new Error("too long"))));
  expect(await callsUntilOpen(() => refusing.upsert("v2", []))).toBe(Number.POSITIVE_INFINITY);
  expect(await callsUntilOpen(() => away.upsert("v2", []))).toBe(5);
  expect(Math.round(openMs() / 10_000)).toBe(30);
});

test("DynamoDB is called no more after 5 failures, for 180 s, whatever command it is", async () => {
  const client = new DynamoDBClient({
    // Nothing listens there.
    endpoint: "http://127.0.0.1:1",
    region: "us-east-1",
    maxAttempts: 1,
    credentials: { accessKeyId: "any", secretAccessKey: "any" },
  });
  const tasks = new TaskStore(outages.table(DynamoDBDocumentClient.from(client)), "tasks");
  expect(await callsUntilOpen(() => tasks.get("task-1"))).toBe(5);
  await expect(tasks.change("task-1", {})).rejects.toBeInstanceOf(CircuitOpenError);
  expect(Math.round(openMs() / 10_000)).toBe(18);
});

test("a condition that fails is an answer, and no outage", async () => {
  const tables = await TaskTables.start();
  try {
    const tasks = tables.tasksThrough((client) => outages.table(client));
    const task = taskOf();
    expect(await tasks.create(task)).toBe(true);
    for (let time = 0; time < 9; time += 1) expect(await tasks.create(task)).toBe(false);
    expect(() => outages.check()).not.toThrow();
  } finally {
    await tables.stop();
  }
});
