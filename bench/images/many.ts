import { randomUUID } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import sharp from "sharp";
import type { StackImages } from "../../cli/images/stack-images.ts";
import { stackDatabase } from "../../cli/images/stack-images.ts";
import { numbersOf } from "../../core/embedding/vector-numbers.ts";
import { VoyageEmbedder } from "../../core/embedding/voyage-embedder.ts";
import { readAnalysis } from "../../core/images/analyze/analysis.ts";
import { AnthropicProvider } from "../../core/images/analyze/anthropic-provider.ts";
import { Analyses } from "../../core/images/database/analyses.ts";
import { Embeddings } from "../../core/images/database/embeddings.ts";
import { Items } from "../../core/images/database/items.ts";
import { documentOf } from "../../core/images/embed/document.ts";
import { paddedSequencer } from "../../core/images/events/sequencer.ts";
import { inParallel } from "../../core/resilience/in-parallel.ts";
import { unlimited } from "../../core/resilience/rate-limiter.ts";
import { type FunctionEnvironment, functionEnvironment } from "./function-environment.ts";

/** Small images, of which the vision model says something without a look. */
export interface ManyFigures {
  readonly images: number;
  /** Milliseconds per image: by the flow, and by its parts alone, one after the other. */
  readonly flow: number;
  readonly parts: Readonly<Record<"sharp" | "providers" | "database", number>>;
}

const user = "demo";
const uploadsAtOnce = 8;
/** Images whose parts are measured alone, after some that warm them up. */
const alone = 40;
const warmUp = 10;

/** Sends small images through the flow, and then does the work of its parts for some of them directly. */
export async function measureMany(
  stack: StackImages,
  count: number,
  finished: () => Promise<void>,
): Promise<ManyFigures> {
  const environment = await environmentsOf(stack);
  await fetch(`${environment.ANTHROPIC_BASE_URL}/local/instant`, { method: "POST", body: "true" });
  const images = await Promise.all(Array.from({ length: count }, smallImage));
  const began = performance.now();
  await inParallel(images, uploadsAtOnce, async (Body) => {
    const Key = `${user}/${randomUUID()}.jpg`;
    await stack.s3.send(new PutObjectCommand({ Bucket: stack.outputs.bucket, Key, Body }));
  });
  await finished();
  const flow = (performance.now() - began) / count;
  return { images: count, flow, parts: await partsAlone(stack, environment) };
}

async function partsAlone(
  stack: StackImages,
  environment: FunctionEnvironment,
): Promise<ManyFigures["parts"]> {
  const database = stackDatabase(stack.outputs);
  const [items, analyses, embeddings] = [
    new Items(database),
    new Analyses(database),
    new Embeddings(database),
  ];
  const vision = new AnthropicProvider({
    apiKey: "local",
    baseUrl: environment.ANTHROPIC_BASE_URL ?? "",
    model: environment.ANTHROPIC_MODEL ?? "",
  });
  const embedder = new VoyageEmbedder({
    apiKey: "local",
    baseUrl: environment.VOYAGE_BASE_URL ?? "",
    model: environment.VOYAGE_EMBEDDING_MODEL ?? "",
    dimensions: Number(environment.VOYAGE_EMBEDDING_DIMENSIONS),
    limiter: unlimited,
    giveUpAt: () => Number.POSITIVE_INFINITY,
  });
  const spent = { sharp: 0, providers: 0, database: 0 };
  for (let turn = 0; turn < warmUp + alone; turn += 1) {
    const timed = async <T>(part: keyof typeof spent, work: () => Promise<T>): Promise<T> => {
      const began = performance.now();
      const value = await work();
      if (turn >= warmUp) spent[part] += performance.now() - began;
      return value;
    };
    const bytes = await smallImage();
    const jpeg = await timed("sharp", () => bothSizes(bytes));
    const name = randomUUID();
    const version = { bucket: "bench", key: `bench/${name}.jpg`, userId: "bench", name, ownId: name };
    const sequencer = paddedSequencer("01");
    const facts = { etag: name, contentSha256: name, mimeType: "image/jpeg", bytes: 1, width: 1, height: 1 };
    const { id: itemId } = await timed("database", () =>
      items.recordCreated({ ...version, sequencer }, facts),
    );
    const input = {
      analysisId: name,
      inputHash: name,
      contentSha256: name,
      itemId,
      userId: "bench",
      sequencer,
    };
    await timed("database", () => analyses.start(input, name, 60));
    const { text, model } = await timed("providers", () =>
      vision.ask({ jpeg, prompt: "", maxOutputTokens: 4_096, timeoutMs: 60_000 }),
    );
    const read = readAnalysis(text);
    if ("problem" in read) throw new Error(`The vision model's answer is no analysis: ${read.problem}`);
    const { analysis } = read;
    await timed("database", () =>
      analyses.store(input, {
        category: analysis.category,
        summary: analysis.summary,
        rawResponse: analysis,
        provider: "anthropic",
        model,
        traceId: undefined,
        requestId: undefined,
        promptVersion: 1,
        inputTokens: 1,
        outputTokens: 1,
        costUsd: 0,
      }),
    );
    const source = await timed("database", () => embeddings.source("bench", name, embedder.model));
    if (source === undefined) throw new Error("The analysis is missing.");
    const document = documentOf(analysis);
    const [vector = new Uint8Array()] = await timed("providers", () =>
      embedder.embed([document], "document"),
    );
    const embedding = { vector: numbersOf(vector), model: embedder.model, document };
    await timed("database", () => embeddings.store(source, embedding));
  }
  return {
    sharp: spent.sharp / alone,
    providers: spent.providers / alone,
    database: spent.database / alone,
  };
}

/** As the processor needs them, the larger one last. */
async function bothSizes(bytes: Uint8Array): Promise<Uint8Array> {
  let jpeg: Uint8Array = bytes;
  for (const side of [800, 1_568]) {
    jpeg = await sharp(bytes)
      .autoOrient()
      .resize({ width: side, height: side, fit: "inside", withoutEnlargement: true })
      .jpeg({ quality: 85 })
      .toBuffer();
  }
  return jpeg;
}

function smallImage(): Promise<Buffer> {
  const noise = { type: "gaussian", mean: 128, sigma: 30 } as const;
  return sharp({ create: { width: 160, height: 120, channels: 3, background: "#808080", noise } })
    .jpeg()
    .toBuffer();
}

/** Where the flow's functions find the providers. */
async function environmentsOf({ outputs: { functions } }: StackImages): Promise<FunctionEnvironment> {
  const own = await Promise.all([functions.analyzer, functions.embedder].map(functionEnvironment));
  return Object.assign({}, ...own);
}
