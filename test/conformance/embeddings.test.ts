import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import fc from "fast-check";
import OpenAI from "openai";
import { FairQueue } from "../../local/embeddings/fair-queue.ts";
import { ModelPool } from "../../local/embeddings/model-pool.ts";
import { maxTokensRead } from "../../local/embeddings/sentence-model.ts";
import type { EmbeddingsUsage } from "../../local/embeddings/server.ts";

jest.setTimeout(30_000);

const model = "universal-sentence-encoder-lite";

let server: ChildProcess;
let baseURL: string;
let openai: OpenAI;

beforeAll(async () => {
  server = fork(join(import.meta.dirname, "serve-embeddings.ts"), { execArgv: [] });
  [baseURL] = (await once(server, "message")) as [string];
  openai = new OpenAI({ apiKey: "any", baseURL, maxRetries: 0 });
});

afterAll(async () => {
  const exited = once(server, "exit");
  server.disconnect();
  expect((await exited)[0]).toBe(0);
});

function cosine(one: readonly number[], other: readonly number[]): number {
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
  return dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other));
}

test("the official client gets a vector of 512 a text, in the order of the texts, in both encodings", async () => {
  const input = ["a cup of coffee", "the total amount to pay", "a hot espresso", "an invoice that is due"];
  const asBase64 = await openai.embeddings.create({ model, input });
  const asFloats = await openai.embeddings.create({
    model,
    input: [...input].reverse(),
    encoding_format: "float",
  });
  const vectors = asBase64.data.map(({ embedding }) => embedding);
  expect(asFloats.data.map(({ embedding }) => embedding).reverse()).toEqual(vectors);
  expect(vectors.map(({ length }) => length)).toEqual([512, 512, 512, 512]);
  expect(asBase64.data.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  expect(asBase64.usage.total_tokens).toBeGreaterThan(10);
  const [coffee = [], total = [], espresso = []] = vectors;
  expect(cosine(coffee, espresso)).toBeGreaterThan(cosine(coffee, total) + 0.2);
});

test("its second model gives other vectors that compare among each other alike", async () => {
  const input = ["a cup of coffee", "a hot espresso"];
  const [one, other] = (await openai.embeddings.create({ model, input })).data;
  const second = await openai.embeddings.create({ model: `${model}-reversed`, input });
  const [turned, otherTurned] = second.data;
  expect(second.model).toBe(`${model}-reversed`);
  expect(turned?.embedding).toEqual([...(one?.embedding ?? [])].reverse());
  expect(cosine(turned?.embedding ?? [], otherTurned?.embedding ?? [])).toBeCloseTo(
    cosine(one?.embedding ?? [], other?.embedding ?? []),
    5,
  );
});

test("a text has the same vector alone and among longer ones", async () => {
  const input = Array.from({ length: 70 }, (_, n) => `row ${n} ${"and more words ".repeat(n % 7)}`);
  const together = await openai.embeddings.create({ model, input });
  const alone = await openai.embeddings.create({ model, input: input[69] ?? "" });
  expect(cosine(alone.data[0]?.embedding ?? [], together.data[69]?.embedding ?? [])).toBeCloseTo(1, 5);
});

test("the model truncates a long text to what it was trained for, and logs that once", async () => {
  const said = jest.fn();
  const pool = new ModelPool(said);
  const paragraph = "the parcel came late and one of the two bottles was broken ".repeat(10);
  const [whole, more, short] = await pool.embed([
    paragraph,
    `${paragraph} ${"x ".repeat(20_000)}`,
    "a short text",
  ]);
  await pool.embed([paragraph]);
  await pool.close();
  expect([whole?.tokens, more?.tokens]).toEqual([maxTokensRead, maxTokensRead]);
  expect(short?.tokens).toBeLessThan(10);
  expect(more?.vector).toEqual(whole?.vector);
  expect(said.mock.calls).toEqual([[expect.stringContaining("first 64 tokens of a text")]]);
});

test("every answered request and text is counted", async () => {
  const usage = async () => (await (await fetch(`${baseURL}/usage`)).json()) as EmbeddingsUsage;
  const before = await usage();
  await openai.embeddings.create({ model, input: ["one", "two", "two"] });
  await openai.embeddings.create({ model: "other", input: "three" }).catch(() => {});
  const after = await usage();
  expect([after.requests - before.requests, after.inputs - before.inputs]).toEqual([1, 3]);
});

test("both models are listed", async () => {
  const { data } = await openai.models.list();
  expect(data.map(({ id }) => id)).toEqual([model, `${model}-reversed`]);
});

test.each([
  [
    "another model",
    { model: "text-embedding-3-small", input: "a" },
    404,
    "model_not_found",
    /embedding:model/,
  ],
  ["other dimensions", { model, input: "a", dimensions: 1536 }, 400, null, /512 dimensions, not 1536/],
  ["no texts", { model, input: [] }, 400, null, /input/],
  ["an empty text", { model, input: ["a", ""] }, 400, null, /empty string/],
  ["more than 2,048 texts", { model, input: Array(2049).fill("a") }, 400, null, /2048/],
])("%s is refused as OpenAI refuses it", async (_, body, status, code, message) => {
  const refused = openai.embeddings.create(body);
  await expect(refused).rejects.toMatchObject({ status, code, message: expect.stringMatching(message) });
});

test("a request without a key is refused", async () => {
  const { status } = await fetch(`${baseURL}/embeddings`, {
    method: "POST",
    body: JSON.stringify({ model, input: "a" }),
  });
  expect(status).toBe(401);
});

test("requests take turns: a small one never waits for all of a large one", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), (sizes) => {
      const queue = new FairQueue<number>();
      sizes.forEach((size, requester) => {
        const turns = queue.newTurns();
        for (let item = 0; item < size; item += 1) queue.push(turns, requester);
      });
      const order = Array.from({ length: queue.size }, () => queue.shift());
      sizes.forEach((size, requester) => {
        const finishedAt = order.lastIndexOf(requester);
        const others = order.slice(0, finishedAt).filter((other) => other !== requester).length;
        expect(order.filter((other) => other === requester)).toHaveLength(size);
        expect(others).toBeLessThanOrEqual(size * (sizes.length - 1));
      });
    }),
  );
});
