import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

jest.setTimeout(60_000);

let providers: ChildProcess;
let exited: Promise<unknown[]>;
let baseUrl: string;

beforeAll(async () => {
  const config = { "images:voyageBaseUrl": "http://127.0.0.1:0/v1" };
  providers = fork(join(__dirname, "serve-providers.ts"), [JSON.stringify(config)], { execArgv: [] });
  exited = once(providers, "exit");
  const [{ baseUrls }] = (await once(providers, "message")) as [{ baseUrls: Record<string, string> }];
  baseUrl = baseUrls["images:voyageBaseUrl"] ?? "";
});
afterAll(async () => {
  providers.disconnect();
  expect(await exited).toEqual([0, null]);
});

interface Answer {
  readonly data: readonly { readonly embedding: unknown }[];
  readonly detail: string;
}

const numbers = ({ data }: Answer) => data[0]?.embedding as number[];

async function embed(input: string | string[], more: object = {}) {
  const response = await fetch(`${baseUrl}/embeddings`, {
    method: "POST",
    headers: { authorization: "Bearer any", "content-type": "application/json" },
    body: JSON.stringify({
      model: "universal-sentence-encoder-lite",
      input,
      input_type: "document",
      ...more,
    }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
}

const cosine = (one: number[], other: number[]) =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);

test("texts get vectors of length one, as numbers or base64, and their tokens are counted", async () => {
  const { status, body } = await embed(["a sweet cake", "departure of trains"], { output_dimension: 512 });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    object: "list",
    model: "universal-sentence-encoder-lite",
    data: [{ index: 0 }, { index: 1 }],
    usage: { total_tokens: expect.any(Number) },
  });
  const cake = numbers(body);
  expect(cake).toHaveLength(512);
  expect(cosine(cake, cake)).toBeCloseTo(1, 4);
  const { body: encoded } = await embed("a sweet cake", { encoding_format: "base64" });
  const bytes = Buffer.from(String(encoded.data[0]?.embedding), "base64");
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  expect(cosine(Array.from(values), cake)).toBeCloseTo(1, 4);
});

test("a long document counts as a whole, not by its beginning", async () => {
  const filler = "The committee met on Tuesday to discuss the budget of the coming year. ".repeat(6);
  const vectorOf = async (text: string) => numbers((await embed(text)).body);
  const question = await vectorOf("chocolate cake recipe");
  const without = cosine(question, await vectorOf(filler));
  const withCake = cosine(
    question,
    await vectorOf(`${filler} Bake the chocolate cake with butter and sugar.`),
  );
  expect(withCake).toBeGreaterThan(without + 0.02);
});

test.each([
  ["another model", { model: "voyage-4-lite" }, /universal-sentence-encoder-lite/],
  ["other dimensions", { output_dimension: 1024 }, /512 dimensions/],
  ["more than 128 texts", { input: Array.from({ length: 129 }, () => "x") }, /over 128 texts/],
  ["no text", { input: [] }, /is empty/],
  ["an empty text", { input: [""] }, /empty text/],
  ["an unknown purpose", { input_type: "passage" }, /input_type/],
  ["a field that Voyage does not have", { dimensions: 512 }, /dimensions/],
])("a request for %s is refused as Voyage does", async (_, more, reason) => {
  const { status, body } = await embed("x", more);
  expect(status).toBe(400);
  expect(body.detail).toMatch(reason);
});

test("a request of too many tokens is refused, and so is a text that would have to be truncated", async () => {
  const long = "word ".repeat(33_000);
  expect((await embed(long, { truncation: false })).body.detail).toMatch(/truncation is off/);
  const many = await embed(
    Array.from({ length: 4 }, () => long),
    { truncation: true },
  );
  expect(many).toMatchObject({ status: 400, body: { detail: expect.stringContaining("120000") } });
});

test("planned faults come in their order", async () => {
  await fetch(`${new URL(baseUrl).origin}/local/faults`, {
    method: "POST",
    body: JSON.stringify([
      { fault: { kind: "status", status: 429, retryAfterSeconds: 3 } },
      { fault: { kind: "breaks off" } },
    ]),
  });
  const limited = await embed("x");
  expect(limited.status).toBe(429);
  expect(limited.headers.get("retry-after")).toBe("3");
  await expect(embed("x")).rejects.toThrow();
  expect((await embed("x")).status).toBe(200);
});
