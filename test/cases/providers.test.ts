import { embedRecords } from "../../core/catchup/chunks/embed-records.ts";
import { embedEach, RequestSize } from "../../core/embedding/embed-each.ts";
import { OpenAiEmbedder } from "../../core/embedding/openai-embedder.ts";
import { unlimited } from "../../core/embedding/rate-limiter.ts";
import { recordOf } from "../unit/catchup/index-records.ts";
import { type Answer, Provider } from "../unit/embedding/provider.ts";
import { readCase, testCases } from "./reported-cases.ts";

let provider: Provider | undefined;

afterEach(() => provider?.stop());

/** The product's embedder before a provider that answers everything alike. */
async function embedderBefore(answer: Answer): Promise<OpenAiEmbedder> {
  provider = await Provider.start(() => ({ ...answer, headers: { "retry-after-ms": "1" } }));
  return new OpenAiEmbedder({
    apiKey: "sk-secret",
    baseUrl: provider.baseUrl,
    model: "text-embedding-3-small",
    dimensions: 4,
    limiter: unlimited,
    giveUpAt: () => Date.now() + 20_000,
  });
}

const input = (name: string) => JSON.parse(readCase(name, "input.json"));
const limits = () => ({ tokensPerRequest: 300_000, requestSize: new RequestSize() });

testCases({
  "55-provider-nan-vector": async () => {
    const { request, answer } = input("55-provider-nan-vector") as { request: string[]; answer: object };
    const embedder = await embedderBefore({ body: answer });
    const [one, two] = await embedEach(request, embedder, new RequestSize());
    expect(one).toEqual({ vector: expect.any(Uint8Array) });
    expect(two?.refusal).toMatchObject({ name: "VectorUnusableError" });
    const records = request.map((text, n) => recordOf(n + 1, text));
    const { vectors, refused } = await embedRecords(records, embedder, limits());
    expect([...vectors.keys()]).toEqual(["one"]);
    expect(refused).toEqual([
      expect.objectContaining({
        row: 2,
        reason: "vector_unusable",
        detail: expect.stringContaining("number 0 is NaN"),
      }),
    ]);
  },

  "57-provider-empty-200": async () => {
    const { answer_status: status, answer_body: text } = input("57-provider-empty-200");
    const embedder = await embedderBefore({ status, text });
    await expect(embedder.embed(["a"])).rejects.toMatchObject({
      name: "EmbeddingUnavailable",
      message: expect.stringContaining("it answered 200 with an empty body"),
    });
    expect(provider?.asked).toHaveLength(5);
  },

  "58-provider-bad-key-as-400": async () => {
    const { answer_status: status, answer, records: count } = input("58-provider-bad-key-as-400");
    const embedder = await embedderBefore({ status, body: answer });
    const records = Array.from({ length: count }, (_, n) => recordOf(n + 1));
    await expect(embedRecords(records, embedder, limits())).rejects.toMatchObject({
      name: "EmbeddingNotAllowed",
      message: expect.stringContaining("API key not valid."),
    });
    expect(provider?.asked).toHaveLength(2);
  },
});
