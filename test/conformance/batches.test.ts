import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import OpenAI, { APIConnectionError, NotFoundError } from "openai";
import { HurriedClock } from "../../local/embeddings/hurried-clock.ts";
import { type EmbeddingsServer, startEmbeddingsServer } from "../../local/embeddings/server.ts";
import { eventually } from "../flows/eventually.ts";

jest.setTimeout(30_000);

const model = "universal-sentence-encoder-lite";
const clock = new HurriedClock();
let server: EmbeddingsServer;
let openai: OpenAI;

beforeAll(async () => {
  server = await startEmbeddingsServer(0, undefined, clock);
  openai = new OpenAI({ apiKey: "any", baseURL: server.baseUrl, maxRetries: 0 });
});

afterAll(() => server.close());

async function plan(faults: object): Promise<void> {
  const url = new URL("/local/batch-faults", server.baseUrl);
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(faults) });
  expect(answer.status).toBe(200);
}

const requests = ["first", "second", "third"].map((custom_id) => ({
  custom_id,
  method: "POST",
  url: "/v1/embeddings",
  body: { model, input: [`${custom_id} text`, "a cup of coffee"], encoding_format: "base64" },
}));

async function uploaded(lines: readonly object[] = requests): Promise<string> {
  const content = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  const { id } = await openai.files.create({
    file: new File([content], "requests.jsonl"),
    purpose: "batch",
    expires_after: { anchor: "created_at", seconds: 3_600 },
  });
  return id;
}

async function created(fileId: string, metadata: Record<string, string> = {}): Promise<string> {
  const { id } = await openai.batches.create({
    input_file_id: fileId,
    endpoint: "/v1/embeddings",
    completion_window: "24h",
    metadata,
  });
  return id;
}

async function ended(id: string): Promise<OpenAI.Batch> {
  return eventually(10, async () => {
    const batch = await openai.batches.retrieve(id);
    expect(["completed", "failed", "expired", "cancelled"]).toContain(batch.status);
    return batch;
  });
}

async function allOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function linesOf(fileId: string | undefined) {
  const { body } = await openai.files.content(fileId ?? "");
  const lines = createInterface({ input: Readable.fromWeb(body as ReadableStream) });
  return (await allOf(lines)).map((line) => JSON.parse(line));
}

test("the official client uploads requests, and reads the vectors of a batch line by line", async () => {
  const before = server.usage.batchInputs;
  const fileId = await uploaded();
  const batch = await ended(await created(fileId, { task: "one" }));
  expect(batch).toMatchObject({
    status: "completed",
    metadata: { task: "one" },
    input_file_id: fileId,
    request_counts: { total: 3, completed: 3, failed: 0 },
  });
  const lines = await linesOf(batch.output_file_id);
  expect(lines.map(({ custom_id }) => custom_id)).toEqual(["first", "second", "third"]);
  const alone = await openai.embeddings.create({ model, input: "second text", encoding_format: "base64" });
  expect(lines[1].response).toMatchObject({ status_code: 200, body: { data: [{ index: 0 }, { index: 1 }] } });
  expect(lines[1].response.body.data[0].embedding).toBe(alone.data[0]?.embedding);
  expect(server.usage.batchInputs - before).toBe(6);
});

test("files are listed newest first by purpose, and are gone once they are deleted or have expired", async () => {
  const [older, newer] = [await uploaded(), await uploaded()];
  const listed = await allOf(openai.files.list({ purpose: "batch", limit: 1 }));
  expect(listed.slice(0, 2).map(({ id }) => id)).toEqual([newer, older]);
  expect(await openai.files.delete(older)).toMatchObject({ id: older, deleted: true });
  await expect(openai.files.content(older)).rejects.toThrow(NotFoundError);
  clock.hurry(3_601);
  await expect(openai.files.retrieve(newer)).rejects.toThrow(NotFoundError);
});

test("a batch whose answer was lost is found by its metadata, once lists name it", async () => {
  await plan({ batches: [{ answerLost: true, unlistedSeconds: 30 }] });
  await expect(created(await uploaded(), { task: "lost" })).rejects.toThrow(APIConnectionError);
  const found = async () =>
    (await allOf(openai.batches.list({ limit: 1 }))).filter(({ metadata }) => metadata?.task === "lost");
  expect(await found()).toEqual([]);
  clock.hurry(31);
  expect(await found()).toHaveLength(1);
});

test("a batch that expires keeps what was processed, and names the rest in the error file", async () => {
  await plan({ batches: [{ processes: 1 }] });
  const id = await created(await uploaded());
  expect((await openai.batches.retrieve(id)).status).not.toBe("completed");
  clock.hurry(86_401);
  const batch = await ended(id);
  expect(batch.status).toBe("expired");
  expect((await linesOf(batch.output_file_id)).map(({ custom_id }) => custom_id)).toEqual(["first"]);
  expect(await linesOf(batch.error_file_id)).toMatchObject([
    { custom_id: "second", error: { code: "batch_expired" } },
    { custom_id: "third", error: { code: "batch_expired" } },
  ]);
});

test("a batch fails after its creation with the code of the failure, and without files", async () => {
  await plan({ batches: [{ failsWith: "token_limit_exceeded" }] });
  const batch = await ended(await created(await uploaded()));
  expect(batch).toMatchObject({ status: "failed", errors: { data: [{ code: "token_limit_exceeded" }] } });
  expect(batch.output_file_id).toBeUndefined();
  const [one] = requests;
  const twice = await ended(await created(await uploaded([one ?? {}, one ?? {}])));
  expect(twice).toMatchObject({
    status: "failed",
    errors: { data: [{ code: "duplicate_custom_id", line: 2 }] },
  });
});

test("a cancelled batch keeps what was processed", async () => {
  await plan({ batches: [{ processes: 2 }] });
  const id = await created(await uploaded());
  await eventually(10, async () => {
    expect((await openai.batches.retrieve(id)).request_counts?.completed).toBe(2);
  });
  await openai.batches.cancel(id);
  const batch = await ended(id);
  expect(batch.status).toBe("cancelled");
  expect(await linesOf(batch.output_file_id)).toHaveLength(2);
});

test("lines come in another order, are missing, are no JSON, have errors or short vectors", async () => {
  await plan({ batches: [{ reversed: true, errorLines: [0], missingLines: [1], shortVectors: [2] }] });
  const batch = await ended(await created(await uploaded()));
  const [line, ...others] = await linesOf(batch.output_file_id);
  expect(others).toEqual([]);
  const sizes = line.response.body.data.map(({ embedding }: { embedding: string }) => embedding.length);
  expect(sizes[0]).toBeLessThan(sizes[1]);
  expect(await linesOf(batch.error_file_id)).toMatchObject([
    { custom_id: "first", response: { status_code: 500 } },
  ]);
  await plan({ batches: [{ garbledLines: [1] }] });
  const garbled = await ended(await created(await uploaded()));
  await expect(linesOf(garbled.output_file_id)).rejects.toThrow(SyntaxError);
});

test("the content of a file breaks off, and is whole at the next attempt", async () => {
  const fileId = await uploaded();
  await plan({ files: ["content breaks off"] });
  await expect(openai.files.content(fileId).then((answer) => answer.text())).rejects.toThrow();
  expect(await linesOf(fileId)).toHaveLength(3);
});
