import { PutObjectCommand } from "@aws-sdk/client-s3";
import { RequestSize } from "../../core/embedding/embed-each.ts";
import { requestLimits } from "../../core/embedding/limits.ts";
import { OpenAiEmbedder } from "../../core/embedding/openai-embedder.ts";
import { BackPressure } from "../../core/ingest/back-pressure.ts";
import { ingestMessages } from "../../core/ingest/ingest-messages.ts";
import { silentLog } from "../../core/log.ts";
import { silentMetrics } from "../../core/metrics.ts";
import { ConsumedQueue } from "../../core/queues/consumed-queue.ts";
import { unlimited } from "../../core/resilience/rate-limiter.ts";
import { dimensions, imageId, model, vectorOf } from "../unit/collections/sample-deltas.ts";
import { type Answer, type Asked, Provider, refusal } from "../unit/embedding/provider.ts";
import { line, ndjsonOf, word } from "../unit/receipts/rows-of.ts";
import { Application } from "./application.ts";
import { expectClean } from "./clean.ts";
import { freshStack } from "./fresh-stack.ts";
import { recover } from "./recovery.ts";
import { chosen, faultTest } from "./seeds.ts";
import type { Stack } from "./stack.ts";

const freshly = freshStack();
let provider: Provider | undefined;
afterEach(() => provider?.stop());

const texts = ["MILK 2.00", "TOTAL 5.00"];

function good({ body }: Asked): Answer {
  const data = body.input.map((text, index) => {
    const embedding = Buffer.from(new Float32Array(vectorOf(text)).buffer).toString("base64");
    return { object: "embedding", index, embedding };
  });
  return { body: { object: "list", model, usage: { prompt_tokens: 1, total_tokens: 1 }, data } };
}

const troubles: Record<string, (asked: Asked) => Answer> = {
  "429": refusal(429, "slow down", { "retry-after-ms": "100" }),
  "500": refusal(500, "an internal error"),
  "no answer in time": () => ({ silent: true }),
  "a truncated answer": (asked) => ({ ...good(asked), truncated: true }),
  "an answer with too few vectors": (asked) => {
    const { body } = good(asked) as { body: { data: unknown[] } };
    return { body: { ...body, data: body.data.slice(1) } };
  },
};

/** Puts the rows of a receipt into the stack's bucket. Resolves to the embed message. */
async function stored(stack: Stack, image: number): Promise<string> {
  const image_id = imageId(image);
  const boxOf = (index: number) => ({ x: 0.1, y: 0.9 - index * 0.1, width: 0.5, height: 0.02 });
  const lines = texts.map((text, index) => line(index + 1, text, boxOf(index), { image_id }));
  const words = texts.map((text, index) => word(index + 1, 1, text, boxOf(index), { image_id }));
  const keys = { lines_key: "rows/lines.ndjson", words_key: "rows/words.ndjson" };
  for (const [Key, rows] of [[keys.lines_key, lines] as const, [keys.words_key, words] as const]) {
    await stack.s3.send(new PutObjectCommand({ Bucket: stack.bucket, Key, Body: ndjsonOf(rows) }));
  }
  return JSON.stringify({ image_id, receipt_id: 1, artifacts_bucket: stack.bucket, ...keys });
}

/** One invocation of the embed function, with this long to live. */
async function invoke(stack: Stack, { baseUrl }: Provider, body: string, budgetMs: number): Promise<string> {
  const giveUpAt = () => Date.now() + budgetMs;
  const account = { apiKey: "key", baseUrl, limiter: unlimited };
  const embedder = new OpenAiEmbedder({ ...account, model, dimensions, giveUpAt });
  const { s3, bucket: deltasBucket, deltas, runs, queues } = stack;
  // No run waits here, so nothing is ever sent back.
  const backPressure = new BackPressure({
    openRuns: { count: async () => 0 },
    maxOpenRuns: Number.POSITIVE_INFINITY,
    deferSeconds: 1,
    now: Date.now,
    random: Math.random,
    log: silentLog,
  });
  const embedQueue = new ConsumedQueue(stack.sqs, { queue: "unused", dlq: "unused" }, silentLog);
  const telling = { log: silentLog, metrics: silentMetrics };
  const services = { s3, deltasBucket, deltas, runs, queues, embedder, backPressure, embedQueue, ...telling };
  const delivery = { messageId: "1", body, sentTimestamp: 1 };
  const [outcome] = await ingestMessages([delivery], {
    ...services,
    tokensPerRequest: requestLimits.tokens,
    requestSize: new RequestSize(),
  });
  return outcome?.result ?? "no outcome";
}

describe("F1 F2 F12: an embeddings endpoint that fails leaves no run without its deltas, and loses no receipt", () => {
  for (const name of chosen(Object.keys(troubles), 1)) {
    faultTest(`${name}, until the message is redelivered`, async () => {
      const stack = await freshly();
      const application = new Application(stack);
      const body = await stored(stack, 1);
      provider = await Provider.start(troubles[name] ?? good);
      expect(await invoke(stack, provider, body, 600)).toBe("failed");
      await application.announce();
      await expectClean(stack, application);
      await provider.stop();

      provider = await Provider.start(good);
      expect(await invoke(stack, provider, body, 20_000)).toBe("opened");
      const paid = provider.asked.length;
      expect(await invoke(stack, provider, body, 20_000)).toBe("unchanged");
      expect(provider.asked).toHaveLength(paid);
      await application.exported(1);
      await application.announce();
      await recover(stack);
      await expectClean(stack, application);
    });
  }
});
