import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import * as z from "zod";

jest.setTimeout(60_000);

const analysis = z.object({
  category: z.string(),
  headline: z.string(),
  summary: z.string(),
  image_details: z.object({
    extracted_text: z.array(z.string()),
    objects: z.array(z.string()),
    vibes: z.array(z.string()),
  }),
  unknown_list: z.array(z.string()),
  unknown_text: z.string().nullable(),
});

let providers: ChildProcess;
let exited: Promise<unknown[]>;
let origin: string;
let anthropic: Anthropic;
let openAi: OpenAI;

beforeAll(async () => {
  const config = {
    "images:anthropicBaseUrl": "http://127.0.0.1:0",
    "images:openAiBaseUrl": "http://127.0.0.1:0/v1",
  };
  providers = fork(join(__dirname, "serve-providers.ts"), [JSON.stringify(config)], { execArgv: [] });
  exited = once(providers, "exit");
  const [{ baseUrls }] = (await once(providers, "message")) as [{ baseUrls: Record<string, string> }];
  origin = baseUrls["images:anthropicBaseUrl"] ?? "";
  anthropic = new Anthropic({ apiKey: "any", baseURL: origin, maxRetries: 0 });
  openAi = new OpenAI({ apiKey: "any", baseURL: baseUrls["images:openAiBaseUrl"] ?? "", maxRetries: 0 });
});
afterAll(async () => {
  providers.disconnect();
  expect(await exited).toEqual([0, null]);
});

const sample = (name: string) => readFileSync(join(__dirname, "../../samples/images", `${name}.jpg`));
const post = (path: string, body: unknown) =>
  fetch(`${origin}${path}`, { method: "POST", body: JSON.stringify(body) });
const failNext = (fault: object, times = 1) => post("/local/faults", [{ fault, times }]);

function messages(image: Buffer, more: Partial<Anthropic.MessageCreateParamsNonStreaming> = {}) {
  const source = { type: "base64", media_type: "image/jpeg", data: image.toString("base64") } as const;
  return anthropic.messages.create({
    model: "local-ocr",
    max_tokens: 2_000,
    messages: [
      {
        role: "user",
        content: [
          { type: "image", source },
          { type: "text", text: "Describe it." },
        ],
      },
    ],
    output_config: { format: zodOutputFormat(analysis) },
    ...more,
  });
}

function responses(image: Buffer, max_output_tokens = 2_000) {
  const image_url = `data:image/jpeg;base64,${image.toString("base64")}`;
  return openAi.responses.create({
    model: "local-ocr",
    max_output_tokens,
    input: [
      {
        role: "user",
        content: [
          { type: "input_image", image_url, detail: "auto" },
          { type: "input_text", text: "Describe it." },
        ],
      },
    ],
    text: { format: zodTextFormat(analysis, "analysis") },
    store: false,
  });
}

const textOf = ({ content }: Anthropic.Message) =>
  content.map((block) => (block.type === "text" ? block.text : "")).join("");

describe("an image", () => {
  test("is described by what is written on it, under the names of the schema, and counted", async () => {
    const message = await messages(sample("timetable-trains"));
    expect(message).toMatchObject({ model: "local-ocr", stop_reason: "end_turn" });
    expect(message._request_id).toMatch(/^req_/);
    const described = analysis.parse(JSON.parse(textOf(message)));
    expect(described).toMatchObject({
      category: "timetable",
      headline: "Train Departures",
      unknown_list: [],
      unknown_text: null,
      image_details: { objects: [], vibes: expect.arrayContaining(["bright"]) },
    });
    expect(described.image_details.extracted_text.join("\n")).toMatch(/Airport Express/);
    expect(described.summary).toMatch(/timetable: Train Departures/);
    // 900 x 1200 pixels and a short prompt.
    expect(message.usage.input_tokens).toBeGreaterThan(1_440);
    expect(message.usage.input_tokens).toBeLessThan(1_460);
    expect(message.usage.output_tokens).toBeGreaterThan(50);
  });

  test.each([
    ["menu-trattoria", "menu"],
    ["recipe-chocolate-cake", "recipe"],
    ["checklist-beach-holiday", "checklist"],
    ["ticket-jazz-concert", "ticket"],
    ["timetable-ferry", "timetable"],
    ["notice-pool-hours", "notice"],
  ])("has its category: %s", async (name, category) => {
    expect(JSON.parse(textOf(await messages(sample(name))))).toMatchObject({ category });
  });

  test("is described alike by OpenAI's wire", async () => {
    const response = await responses(sample("ticket-jazz-concert"));
    expect(response).toMatchObject({ model: "local-ocr", status: "completed" });
    expect(response._request_id).toMatch(/^req_/);
    expect(analysis.parse(JSON.parse(response.output_text)).headline).toBe("JAZZ NIGHT");
    expect(response.usage?.total_tokens).toBeGreaterThan(1_000);
  });

  test("that cannot be decoded is an invalid request", async () => {
    for (const bytes of [sample("truncated-upload").subarray(0, 100), Buffer.from("no image")]) {
      await expect(messages(bytes)).rejects.toMatchObject({ status: 400 });
      await expect(responses(bytes)).rejects.toMatchObject({ status: 400 });
    }
  });

  test("is counted by its content: what a provider would charge for", async () => {
    const image = sample("menu-harbour-cafe");
    await messages(image);
    await responses(image);
    await failNext({ kind: "status", status: 500 });
    await expect(messages(image)).rejects.toMatchObject({ status: 500 });
    const usage = (await (await fetch(`${origin}/local/usage`)).json()) as {
      byImage: Record<string, number>;
    };
    expect(usage.byImage[createHash("sha256").update(image).digest("hex")]).toBe(2);
  });
});

describe("an answer", () => {
  test("ends at the maximum number of tokens", async () => {
    const message = await messages(sample("timetable-trains"), { max_tokens: 20 });
    expect(message).toMatchObject({ stop_reason: "max_tokens", usage: { output_tokens: 20 } });
    expect(() => JSON.parse(textOf(message))).toThrow();
    const response = await responses(sample("timetable-trains"), 20);
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      usage: { output_tokens: 20 },
    });
  });

  test("needs a key and the model's own name", async () => {
    await expect(messages(sample("poster-yoga"), { model: "claude-haiku-4-5" })).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining("local-ocr"),
    });
    const answer = await post("/v1/messages", {});
    expect(answer.status).toBe(401);
  });

  test("has no latency if a benchmark configures none", async () => {
    await post("/local/instant", true);
    const described = JSON.parse(textOf(await messages(Buffer.from("no image at all"))));
    await post("/local/instant", false);
    expect(described).toMatchObject({ category: "picture", image_details: { objects: [] } });
  });
});

describe("a planned fault", () => {
  const image = () => sample("poster-yoga");

  test.each([
    [429, "rate_limit_error"],
    [500, "api_error"],
    [529, "overloaded_error"],
  ])("is status %i, in the form of each provider", async (status, type) => {
    await failNext({ kind: "status", status, retryAfterSeconds: 7 });
    const error = await messages(image()).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ status, error: { type: "error", error: { type } } });
    expect((error as { headers: Headers }).headers.get("retry-after")).toBe("7");
  });

  test("is a refusal", async () => {
    await failNext({ kind: "refusal", explanation: "No faces." });
    expect(await messages(image())).toMatchObject({
      content: [],
      stop_reason: "refusal",
      stop_details: { explanation: "No faces." },
    });
  });

  test("is a cut answer, or one that is not JSON", async () => {
    await failNext({ kind: "cut" });
    expect(await messages(image())).toMatchObject({ stop_reason: "max_tokens" });
    await failNext({ kind: "text", text: "I see a poster." });
    expect(textOf(await messages(image()))).toBe("I see a poster.");
  });

  test("is a connection reset, or a response that never arrives", async () => {
    await failNext({ kind: "breaks off" });
    await expect(messages(image())).rejects.toThrow();
    await failNext({ kind: "hangs" });
    const hung = anthropic.withOptions({ timeout: 300 }).messages.create({
      model: "local-ocr",
      max_tokens: 10,
      messages: [{ role: "user", content: "x" }],
    });
    await expect(hung).rejects.toThrow(/timed out/);
  });

  test("applies once, and the remaining ones can be removed", async () => {
    await failNext({ kind: "status", status: 500 }, 3);
    await expect(messages(image())).rejects.toMatchObject({ status: 500 });
    await post("/local/faults", []);
    expect(await messages(image())).toMatchObject({ stop_reason: "end_turn" });
  });
});
