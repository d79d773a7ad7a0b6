import { createOpenAI } from "@ai-sdk/openai";
import { ChromaVector } from "@mastra/chroma";
import { embedMany } from "ai";
import { ChromaClient } from "chromadb";
import type { Contender } from "./contender.ts";

const documentsPerUpsert = 4_500;

/** Mastra: its Chroma store, and the embeddings of the AI SDK that its guides use, with requests as parallel as the bare loop's. */
export const mastra: Contender = {
  async prepare({ embeddingsUrl, model, dimensions, sinkUrl, collection }, records) {
    const { hostname, port } = new URL(sinkUrl);
    const server = { host: hostname, port: Number(port), ssl: false };
    const found = await new ChromaClient(server).getCollection({ name: collection });
    // What it checks vectors by; of an index that it makes it writes that itself.
    await found.modify({ metadata: { dimension: dimensions } });
    const store = new ChromaVector({ id: "bench", ...server });
    await store.getCollection({ indexName: collection });
    const embedding = createOpenAI({ apiKey: "bench", baseURL: embeddingsUrl }).embedding(model);

    return async () => {
      for (let start = 0; start < records.length; start += documentsPerUpsert) {
        const some = records.slice(start, start + documentsPerUpsert);
        const { embeddings } = await embedMany({
          model: embedding,
          values: some.map(({ text }) => text),
          maxParallelCalls: 8,
          providerOptions: { openai: { dimensions } },
        });
        await store.upsert({
          indexName: collection,
          vectors: embeddings,
          metadata: some.map(({ metadata }) => metadata),
          ids: some.map(({ id }) => id),
          documents: some.map(({ text }) => text),
        });
      }
    };
  },
};
