import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AnthropicProvider } from "../../../core/images/analyze/anthropic-provider.ts";
import { LimitedVision } from "../../../core/images/analyze/limited-vision.ts";
import { OpenAiProvider } from "../../../core/images/analyze/openai-provider.ts";
import type { ProviderName } from "../../../core/images/analyze/vision-provider.ts";
import type { RateLimiter } from "../../../core/resilience/rate-limiter.ts";

const analysis = {
  category: "timetable",
  subcategories: "trains",
  headline: "Departures",
  summary: "A timetable of trains.\u0000",
  image_details: {
    extracted_text: ["07:10", null, "08:10"],
    objects: null,
    themes: [],
    emotions: [],
    vibes: ["calm"],
    visual_hierarchy: [],
    key_interest: "when trains leave",
    likely_source: null,
  },
  media_metadata: null,
};

interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

interface Asked {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** A provider that answers with the given replies in turn. */
async function serve(replies: readonly Reply[]) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response: ServerResponse) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { status = 200, headers = {}, body } = replies[asked.length] ?? { status: 500, body: "none left" };
    asked.push({ path: request.url, headers: request.headers, body: JSON.parse(text) });
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, close: () => server.close() };
}

const anthropic = (text: string, more: object = {}): Reply => ({
  headers: { "request-id": "req_1" },
  body: JSON.stringify({
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-9",
    content: [{ type: "text", text }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 100, output_tokens: 20 },
    ...more,
  }),
});

const openAi = (text: string, more: object = {}): Reply => ({
  headers: { "x-request-id": "req_1" },
  body: JSON.stringify({
    id: "resp_1",
    object: "response",
    model: "gpt-9",
    status: "completed",
    error: null,
    incomplete_details: null,
    output: [
      {
        type: "message",
        role: "assistant",
        id: "m",
        content: [{ type: "output_text", text, annotations: [] }],
      },
    ],
    usage: { input_tokens: 100, output_tokens: 20, total_tokens: 120 },
    ...more,
  }),
});

async function ask(name: ProviderName, replies: readonly Reply[], limits: Partial<RateLimiter> = {}) {
  const server = await serve(replies);
  const slept: number[] = [];
  let now = 0;
  const options = {
    apiKey: "sk-test-0123456789",
    model: "m",
    baseUrl: name === "openai" ? `${server.url}/v1` : server.url,
  };
  const booked: number[] = [];
  const vision = new LimitedVision({
    provider: name === "openai" ? new OpenAiProvider(options) : new AnthropicProvider(options),
    apiKey: options.apiKey,
    limiter: {
      book: async (tokens) => {
        booked.push(tokens);
        return 0;
      },
      giveBack: async (tokens) => void booked.push(-tokens),
      ...limits,
    },
    price: { input: 1, output: 5 },
    giveUpAt: 600_000,
    clock: {
      now: () => now,
      sleep: async (ms) => {
        slept.push(ms);
        now += ms;
      },
    },
  });
  try {
    const outcome = await vision.analyze(Buffer.from("jpeg")).catch((error: Error) => error);
    return { outcome, asked: server.asked, slept, booked, vision };
  } finally {
    server.close();
  }
}

const fault = (status: number, message: string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers,
  body: JSON.stringify({ type: "error", error: { type: "some_error", message } }),
});

describe.each([
  ["anthropic", anthropic, "/v1/messages", "claude-9", { stop_reason: "max_tokens" }],
  [
    "openai",
    openAi,
    "/v1/responses",
    "gpt-9",
    { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
  ],
] as const)("asking %s about an image", (name, answer, path, model, cut) => {
  test("sends the image with the schema, and reads the analysis, the usage and the request id", async () => {
    const { outcome, asked, booked, vision } = await ask(name, [answer(JSON.stringify(analysis))]);
    expect(outcome).toEqual({
      model,
      requestId: "req_1",
      usage: { inputTokens: 100, outputTokens: 20 },
      analysis: {
        ...analysis,
        subcategories: ["trains"],
        summary: "A timetable of trains.",
        image_details: { ...analysis.image_details, extracted_text: ["07:10", "08:10"], objects: [] },
        media_metadata: {
          original_poster: null,
          tagged_accounts: [],
          location_tags: [],
          audio_source: null,
          hashtags: [],
        },
      },
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.path).toBe(path);
    const sent = JSON.stringify(asked[0]?.body);
    expect(sent).toContain(Buffer.from("jpeg").toString("base64"));
    expect(sent).toContain('"type":"json_schema"');
    expect(asked[0]?.body.store).toBe(name === "openai" ? false : undefined);
    expect(vision.costOf({ inputTokens: 100, outputTokens: 20 })).toBeCloseTo(0.0002);
    // What was booked and not used is returned.
    expect(booked.reduce((sum, tokens) => sum + tokens)).toBe(120);
  });

  test("reads JSON in a Markdown fence", async () => {
    const { outcome } = await ask(name, [answer(`\`\`\`json\n${JSON.stringify(analysis)}\n\`\`\``)]);
    expect(outcome).toMatchObject({ analysis: { category: "timetable" } });
  });

  test("waits for a rate limit as long as it is told, which is no attempt, and retries a failure", async () => {
    const limited = fault(429, "slow down", { "retry-after": "7" });
    const replies = [
      limited,
      limited,
      limited,
      limited,
      limited,
      fault(529, "overloaded"),
      answer(JSON.stringify(analysis)),
    ];
    const { outcome, slept } = await ask(name, replies);
    expect(outcome).toMatchObject({ model });
    expect(slept.slice(0, 5)).toEqual([7_000, 7_000, 7_000, 7_000, 7_000]);
  });

  test("asks once more with a larger limit where the answer was cut, and pays for both", async () => {
    const whole = answer(JSON.stringify(analysis));
    const { outcome, asked } = await ask(name, [answer('{"category":', cut), whole]);
    expect(outcome).toMatchObject({ usage: { inputTokens: 200, outputTokens: 40 } });
    const limitOf = (index: number) =>
      Number(asked[index]?.body.max_tokens ?? asked[index]?.body.max_output_tokens);
    expect(limitOf(1)).toBeGreaterThan(limitOf(0));
  });

  test("does not ask a third time", async () => {
    const { outcome, asked } = await ask(name, [answer("{", cut), answer("{", cut)]);
    expect(outcome).toMatchObject({ code: "VK_VISION_ANSWER_INVALID", usage: { outputTokens: 40 } });
    expect(asked).toHaveLength(2);
  });

  test.each([
    ["prose", "I see a train."],
    ["other fields", '{"title": "a train"}'],
    ["nothing", ""],
  ])("an answer that is %s was paid for in vain, and is not asked for again", async (_, text) => {
    const { outcome, asked } = await ask(name, [answer(text)]);
    expect(outcome).toMatchObject({
      code: "VK_VISION_ANSWER_INVALID",
      isFinal: true,
      usage: { inputTokens: 100, outputTokens: 20 },
    });
    expect(asked).toHaveLength(1);
  });

  test("an image that the provider cannot read is refused", async () => {
    const { outcome } = await ask(name, [fault(400, "Could not process image")]);
    expect(outcome).toMatchObject({ code: "VK_VISION_REFUSED" });
  });

  test.each([
    [401, "invalid x-api-key sk-test-0123456789"],
    [400, "Your credit balance is too low"],
    [404, "model: m"],
  ])("a %i is the account's, not the image's, and the key stays secret", async (status, message) => {
    const { outcome } = await ask(name, [fault(status, message)]);
    expect(outcome).toMatchObject({ code: "VK_VISION_NOT_ALLOWED" });
    expect(String(outcome)).not.toContain("0123456789");
  });

  test("gives up after four failures", async () => {
    const { outcome, asked } = await ask(
      name,
      Array.from({ length: 9 }, () => fault(500, "broken")),
    );
    expect(outcome).toMatchObject({ code: "VK_VISION_UNAVAILABLE" });
    expect(asked).toHaveLength(4);
  });

  test("asks nothing while the limiter has no capacity", async () => {
    const { outcome, asked } = await ask(name, [], { book: async () => undefined });
    expect(outcome).toMatchObject({ code: "VK_VISION_THROTTLED", delaySeconds: 60 });
    expect(asked).toHaveLength(0);
  });
});

test("a refusal of Anthropic is final, with its reason", async () => {
  const refusal = anthropic("", {
    stop_reason: "refusal",
    stop_details: { type: "refusal", category: "bio", explanation: "It shows a hazard" },
  });
  const { outcome } = await ask("anthropic", [refusal]);
  expect(outcome).toMatchObject({
    code: "VK_VISION_REFUSED",
    isFinal: true,
    message: expect.stringContaining("It shows a hazard"),
  });
});

test("a refusal of OpenAI is final, with its reason", async () => {
  const content = [{ type: "refusal", refusal: "I cannot help with that" }];
  const refusal = openAi("", { output: [{ type: "message", role: "assistant", id: "m", content }] });
  const { outcome } = await ask("openai", [refusal]);
  expect(outcome).toMatchObject({
    code: "VK_VISION_REFUSED",
    message: expect.stringContaining("I cannot help with that"),
  });
});
