import { embedRecords } from "../../core/catchup/chunks/embed-records.ts";
import { planOf } from "../../core/catchup/sources/make-plan.ts";
import { newTaskId } from "../../core/catchup/tasks/task.ts";
import { embedEach, RequestSize } from "../../core/embedding/embed-each.ts";
import { OpenAiEmbedder } from "../../core/embedding/openai-embedder.ts";
import { unlimited } from "../../core/resilience/rate-limiter.ts";
import { serveLoopback } from "../../local/loopback-server.ts";
import { recordOf } from "../unit/catchup/index-records.ts";
import { MemoryObjects } from "../unit/catchup/memory-objects.ts";
import { requestOf } from "../unit/catchup/requests.ts";
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

/** Plans a task over what a Metabase answers to its export. */
async function planBefore(contentType: string, body: string): Promise<unknown> {
  const metabase = await serveLoopback(0, async (request, response) => {
    if (request.method === "GET") response.writeHead(200, { "content-type": "application/json" }).end("{}");
    else response.writeHead(200, { "content-type": contentType }).end(body);
  });
  const options = { url: metabase.url, apiKey: "mb-secret", rowCap: 1_000, giveUpAt: Date.now() + 20_000 };
  const work = new MemoryObjects();
  const planned = await planOf(newTaskId(Date.now()), requestOf({ data_source: "metabase" }), {
    source: work,
    work,
    limits: { rows: 100, bytes: 1_000_000 },
    metabase: options,
  }).catch((error: Error) => error);
  await metabase.close();
  expect(work.keys("plans/")).toEqual([]);
  return planned;
}

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
      name: "EmbeddingUnavailableError",
      message: expect.stringContaining("it returned 200 with an empty body"),
    });
    expect(provider?.asked).toHaveLength(5);
  },

  "58-provider-bad-key-as-400": async () => {
    const { answer_status: status, answer, records: count } = input("58-provider-bad-key-as-400");
    const embedder = await embedderBefore({ status, body: answer });
    const records = Array.from({ length: count }, (_, n) => recordOf(n + 1));
    await expect(embedRecords(records, embedder, limits())).rejects.toMatchObject({
      name: "EmbeddingNotAllowedError",
      message: expect.stringContaining("API key not valid."),
    });
    expect(provider?.asked).toHaveLength(2);
  },

  "61-metabase-error-after-rows": async () => {
    const { content_type: type, bodies } = input("61-metabase-error-after-rows");
    for (const body of bodies) {
      expect(await planBefore(type, body)).toMatchObject({
        name: "QuestionFailedError",
        message: expect.stringContaining("killed"),
      });
    }
  },
});
