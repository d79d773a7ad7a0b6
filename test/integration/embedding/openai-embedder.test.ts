import { VectorsUnusableError } from "../../../core/embedding/embedding-errors.ts";
import { OpenAiEmbedder } from "../../../core/embedding/openai-embedder.ts";
import { type RateLimiter, unlimited } from "../../../core/resilience/rate-limiter.ts";
import { type Answer, type Asked, lengths, Provider, refusal } from "../../unit/embedding/provider.ts";

let provider: Provider;

afterEach(() => provider.stop());

interface Changes {
  readonly limiter?: RateLimiter;
  readonly budgetMs?: number;
}

/** An embedder of 4 dimensions before a provider that answers this script. */
async function embedderBefore(script: ((asked: Asked) => Answer)[], changes: Changes = {}) {
  provider = await Provider.start(...script);
  const { limiter = unlimited, budgetMs = 20_000 } = changes;
  return new OpenAiEmbedder({
    apiKey: "sk-secret",
    baseUrl: provider.baseUrl,
    model: "text-embedding-3-small",
    dimensions: 4,
    limiter,
    giveUpAt: () => Date.now() + budgetMs,
  });
}

function numbers(vector: Uint8Array | undefined): number[] {
  return [0, 4, 8, 12].map((at) => Buffer.from(vector ?? []).readFloatLE(at));
}

/** Keeps what was booked and given back. */
function countingLimiter(): RateLimiter & { booked: number[]; givenBack: number[] } {
  const booked: number[] = [];
  const givenBack: number[] = [];
  return {
    booked,
    givenBack,
    book: async (tokens) => {
      booked.push(tokens);
      return 0;
    },
    giveBack: async (tokens) => {
      givenBack.push(tokens);
    },
  };
}

describe("a good answer", () => {
  test("becomes the bytes of the float32 vectors, in the order of the texts", async () => {
    const embedder = await embedderBefore([lengths]);
    const vectors = await embedder.embed(["abc", "a"]);
    expect(vectors.map(numbers)).toEqual([
      [3, 3, 3, 3],
      [1, 1, 1, 1],
    ]);
  });

  test("was asked for as base64, with the stack's model and dimensions", async () => {
    const embedder = await embedderBefore([lengths]);
    await embedder.embed(["abc"]);
    expect(provider.asked[0]?.body).toEqual({
      model: "text-embedding-3-small",
      dimensions: 4,
      input: ["abc"],
      encoding_format: "base64",
    });
    expect(provider.asked[0]?.headers.authorization).toBe("Bearer sk-secret");
  });

  test("returns the tokens that the bound of UTF-8 bytes overestimated", async () => {
    const limiter = countingLimiter();
    const embedder = await embedderBefore([lengths], { limiter });
    await embedder.embed(["four", "é".repeat(100)]);
    expect(limiter).toMatchObject({ booked: [204], givenBack: [202] });
  });

  test("is not followed by a request for the few tokens that a question was overestimated by", async () => {
    const limiter = countingLimiter();
    const embedder = await embedderBefore([lengths], { limiter });
    await embedder.embed(["train times"]);
    expect(limiter).toMatchObject({ booked: [11], givenBack: [] });
  });

  test("is not asked for when there is no text", async () => {
    const embedder = await embedderBefore([lengths]);
    expect(await embedder.embed([])).toEqual([]);
    expect(provider.asked).toEqual([]);
  });
});

describe("an answer that is not usable is named", () => {
  function changed(change: (data: { index: number; embedding: unknown }[]) => unknown[]) {
    return (asked: Asked): Answer => {
      const { body } = lengths(asked) as { body: { data: { index: number; embedding: unknown }[] } };
      return { body: { ...body, data: change(body.data) } };
    };
  }

  test.each([
    ["fewer vectors than texts", changed((data) => data.slice(1)), "EmbeddingAnswerInvalidError"],
    ["vectors in another order", changed((data) => data.toReversed()), "EmbeddingAnswerInvalidError"],
    [
      "numbers instead of base64",
      changed((data) => data.map((vector) => ({ ...vector, embedding: [1, 2, 3, 4] }))),
      "EmbeddingAnswerInvalidError",
    ],
    [
      "vectors of another length",
      changed((data) =>
        data.map((vector) => ({ ...vector, embedding: Buffer.alloc(12).toString("base64") })),
      ),
      "WrongDimensionsError",
    ],
    [
      "text that is no base64",
      changed((data) => data.map((vector) => ({ ...vector, embedding: `${"*".repeat(22)}==` }))),
      "EmbeddingAnswerInvalidError",
    ],
    ["no vectors at all", () => ({ body: {} }), "EmbeddingAnswerInvalidError"],
  ])("%s", async (_, answer, name) => {
    const embedder = await embedderBefore([answer]);
    await expect(embedder.embed(["a", "b"])).rejects.toMatchObject({ name });
    expect(provider.asked).toHaveLength(1);
  });
});

describe("what the provider refuses for good", () => {
  test.each([
    [400, "EmbeddingRefusedError"],
    [413, "EmbeddingRefusedError"],
    [401, "EmbeddingNotAllowedError"],
    [404, "EmbeddingNotAllowedError"],
  ])("HTTP %i is not sent again: %s", async (status, name) => {
    const embedder = await embedderBefore([refusal(status, "no")]);
    await expect(embedder.embed(["a"])).rejects.toMatchObject({ name });
    expect(provider.asked).toHaveLength(1);
  });

  test("a used-up quota is no rate limit", async () => {
    const embedder = await embedderBefore([refusal(429, "pay", {}, "insufficient_quota")]);
    await expect(embedder.embed(["a"])).rejects.toMatchObject({ name: "EmbeddingNotAllowedError" });
  });

  test("a wrong key is never repeated in the error, also where the provider repeats it (F24)", async () => {
    const embedder = await embedderBefore([refusal(401, "Incorrect API key provided: sk-secret")]);
    const error = await embedder.embed(["a"]).catch((failure: Error) => failure);
    expect(`${error}${JSON.stringify(error)}`).not.toContain("sk-secret");
  });
});

describe("what passes", () => {
  test("a server error and a cut connection are tried again", async () => {
    const embedder = await embedderBefore([refusal(503, "busy"), () => ({ cut: true }), lengths]);
    expect(await embedder.embed(["a"])).toHaveLength(1);
    expect(provider.asked).toHaveLength(3);
  });

  test("five failures in a row end it, with the last reason", async () => {
    const embedder = await embedderBefore([refusal(500, "broken", { "retry-after-ms": "1" })]);
    await expect(embedder.embed(["a"])).rejects.toMatchObject({
      name: "EmbeddingUnavailableError",
      message: expect.stringContaining("broken"),
    });
    expect(provider.asked).toHaveLength(5);
  });

  test("429 is not an attempt: it is deferred for as long as the provider says, more often than attempts allow (F23)", async () => {
    const busy = Array.from({ length: 7 }, () => refusal(429, "slow down", { "retry-after-ms": "20" }));
    const embedder = await embedderBefore([...busy, lengths]);
    const started = performance.now();
    expect(await embedder.embed(["a"])).toHaveLength(1);
    expect(performance.now() - started).toBeGreaterThan(7 * 18);
    expect(provider.asked).toHaveLength(8);
  });

  test("every sending goes through the limiter, retries too (F23)", async () => {
    const limiter = countingLimiter();
    const script = [refusal(429, "slow", { "retry-after-ms": "1" }), refusal(500, "broken"), lengths];
    const embedder = await embedderBefore(script, { limiter });
    await embedder.embed(["a".repeat(300)]);
    expect(limiter).toMatchObject({ booked: [300, 300, 300], givenBack: [300, 299] });
  });

  test("a deferral that would pass the time given is not waited for", async () => {
    const embedder = await embedderBefore([refusal(429, "slow", { "retry-after": "30" })], { budgetMs: 500 });
    await expect(embedder.embed(["a"])).rejects.toMatchObject({ name: "EmbeddingThrottledError" });
    expect(provider.asked).toHaveLength(1);
  });

  test("a limiter without room in the time given sends nothing", async () => {
    const full: RateLimiter = { ...unlimited, book: async () => undefined };
    const embedder = await embedderBefore([lengths], { limiter: full });
    await expect(embedder.embed(["a"])).rejects.toMatchObject({ name: "EmbeddingThrottledError" });
    expect(provider.asked).toEqual([]);
  });
});

/** An answer to each text, by what stands for its vector. */
function vectors(of: (text: string) => readonly number[]) {
  return ({ body }: Asked): Answer => ({
    body: {
      data: body.input.map((text, index) => ({
        index,
        embedding: Buffer.from(Float32Array.from(of(text)).buffer).toString("base64"),
      })),
    },
  });
}

describe("F33: numbers that are no vector are refused by name, and the others of the request are kept", () => {
  test.each([
    ["NaN", [1, Number.NaN, 1, 1], "number 1 is NaN"],
    ["an infinity", [1, 1, Number.POSITIVE_INFINITY, 1], "number 2 is Infinity"],
    ["zeros alone", [0, 0, -0, 0], "zeros has no direction"],
    ["numbers whose squares overflow", [3e38, 0, 0, 0], "its length is 3.00e+38"],
    ["numbers whose squares are zero", [1e-30, 0, 0, 0], "its length is 1.00e-30"],
    ["another length", [1, 2, 3], "it has 3 dimensions, not 4"],
  ])("%s", async (_, bad, problem) => {
    const embedder = await embedderBefore([vectors((text) => (text === "bad" ? bad : [3, 3, 3, 3]))]);
    const failure = await embedder.embed(["one", "bad", "two"]).catch((error: Error) => error);
    if (!(failure instanceof VectorsUnusableError)) throw failure;
    const [one, refused, two] = failure.answers;
    expect([one, two].map((vector) => numbers(vector as Uint8Array))).toEqual([
      [3, 3, 3, 3],
      [3, 3, 3, 3],
    ]);
    expect(refused).toMatchObject({
      name: "VectorUnusableError",
      code: "VK_VECTOR_UNUSABLE",
      message: expect.stringContaining(problem),
    });
    expect(provider.asked).toHaveLength(1);
  });
});

describe("F34: each fault of a provider has its class, its retry rule and the provider's own words", () => {
  const soon = { "retry-after-ms": "1" };
  const whole = JSON.stringify(
    (vectors(() => [1, 2, 3, 4])({ headers: {}, body: { input: ["a"] } }) as { body: unknown }).body,
  );

  test.each([
    ["an empty 200", { text: "" }],
    ["blanks alone", { text: " \n" }],
    ["a body that is cut, in an answer that is not", { text: whole.slice(0, -5) }],
    ["a page of a proxy", { text: "<html>Bad gateway</html>" }],
    ["a body that is cut with its connection", { body: JSON.parse(whole), truncated: true }],
    ["an error of the server in a 200", { text: '{"error":{"message":"overloaded"}}' }],
    ["an error in a 200 that is a text", { text: '{"error":"overloaded"}' }],
    ["a message in place of an error in a 200", { text: '{"message":"overloaded"}' }],
  ] as const)("%s is tried again", async (_, answer) => {
    const embedder = await embedderBefore([
      () => ({ ...answer, headers: soon }),
      vectors(() => [1, 2, 3, 4]),
    ]);
    expect((await embedder.embed(["a"])).map(numbers)).toEqual([[1, 2, 3, 4]]);
    expect(provider.asked).toHaveLength(2);
  });

  test.each([
    ['{"error":{"message":"the model is loading"}}', "EmbeddingUnavailableError", "the model is loading", 5],
    [
      '{"error":{"message":"no such key","code":"invalid_api_key"}}',
      "EmbeddingNotAllowedError",
      "no such key",
      1,
    ],
    ['{"error":{"message":"cannot read it","code":400}}', "EmbeddingRefusedError", "cannot read it", 1],
    ['{"errors":[{"message":"quota","code":"insufficient_quota"}]}', "EmbeddingNotAllowedError", "quota", 1],
    ["", "EmbeddingUnavailableError", "an empty body", 5],
    ["null", "EmbeddingAnswerInvalidError", "no vectors for 1 texts", 1],
    ["[]", "EmbeddingAnswerInvalidError", "no vectors for 1 texts", 1],
    ['{"data":[null]}', "EmbeddingAnswerInvalidError", "not base64", 1],
  ])("a 200 with %j ends as %s, after %s, in %i requests", async (text, name, words, requests) => {
    const embedder = await embedderBefore([() => ({ text, headers: soon })]);
    await expect(embedder.embed(["a"])).rejects.toMatchObject({
      name,
      message: expect.stringContaining(words),
    });
    expect(provider.asked).toHaveLength(requests);
  });

  test("an error in a 200 that says 429 is deferred, and no attempt", async () => {
    const slow = () => ({
      text: '{"error":{"message":"slow down","code":"rate_limit_exceeded"}}',
      headers: soon,
    });
    const embedder = await embedderBefore([
      ...Array.from({ length: 6 }, () => slow),
      vectors(() => [1, 2, 3, 4]),
    ]);
    expect(await embedder.embed(["a"])).toHaveLength(1);
    expect(provider.asked).toHaveLength(7);
  });

  test.each([
    ['[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}]'],
    ['{"detail":"API key not valid."}'],
    ['{"message":"API key not valid."}'],
    ["API key not valid."],
  ])("the words of a 400 are kept, whatever their layout: %s", async (text) => {
    const embedder = await embedderBefore([() => ({ status: 400, text })]);
    await expect(embedder.embed(["a"])).rejects.toMatchObject({
      name: "EmbeddingRefusedError",
      words: "400 API key not valid.",
    });
  });

  test("the words never hold the key (F24)", async () => {
    const embedder = await embedderBefore([
      refusal(400, "sk-secret is no key, nor is sk-12345678, nor sk-ab***yz"),
    ]);
    const failure = await embedder.embed(["a"]).catch((error: Error) => error);
    expect(failure).toMatchObject({ words: "400 *** is no key, nor is ***, nor ***" });
  });
});
