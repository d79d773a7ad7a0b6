import { Chroma } from "@langchain/community/vectorstores/chroma";
import { OpenAIEmbeddings } from "@langchain/openai";
import type { Contender } from "./contender.ts";

const documentsPerCall = 4_500;

/** LangChain JS, with requests as full and as parallel as the bare loop's; a call with all 20,000 fails. */
export const langchain: Contender = {
  async prepare({ embeddingsUrl, model, dimensions, sinkUrl, collection }, records) {
    const embeddings = new OpenAIEmbeddings({
      apiKey: "bench",
      model,
      dimensions,
      batchSize: 2_048,
      maxConcurrency: 8,
      configuration: { baseURL: embeddingsUrl },
    });
    const { hostname, port } = new URL(sinkUrl);
    const store = new Chroma(embeddings, {
      collectionName: collection,
      numDimensions: dimensions,
      clientParams: { host: hostname, port: Number(port) },
    });
    await store.ensureCollection();
    const documents = records.map(({ text, metadata }) => ({ pageContent: text, metadata }));
    const ids = records.map(({ id }) => id);

    return async () => {
      for (let start = 0; start < documents.length; start += documentsPerCall) {
        await store.addDocuments(documents.slice(start, start + documentsPerCall), {
          ids: ids.slice(start, start + documentsPerCall),
        });
      }
    };
  },
};
