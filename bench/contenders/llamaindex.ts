import { ChromaVectorStore } from "@llamaindex/chroma";
import { OpenAIEmbedding } from "@llamaindex/openai";
import { IngestionPipeline, TextNode } from "llamaindex";
import type { Contender } from "./contender.ts";

const nodesPerRun = 1_000;

/** LlamaIndex TS, without its cache (which hashes and keeps every node); a run with all 20,000 fails. */
export const llamaindex: Contender = {
  async prepare({ embeddingsUrl, model, dimensions, sinkUrl, collection }, records) {
    const embedding = new OpenAIEmbedding({
      apiKey: "bench",
      model,
      dimensions,
      baseURL: embeddingsUrl,
      embedBatchSize: nodesPerRun,
    });
    const vectorStore = new ChromaVectorStore({
      collectionName: collection,
      chromaClientParams: { path: sinkUrl },
      embeddingModel: embedding,
    });
    await vectorStore.getCollection();
    const pipeline = new IngestionPipeline({ transformations: [embedding], vectorStore, disableCache: true });
    const nodes = records.map(
      ({ id, text, metadata }) =>
        new TextNode({ id_: id, text, metadata, excludedEmbedMetadataKeys: Object.keys(metadata) }),
    );

    return async () => {
      for (let start = 0; start < nodes.length; start += nodesPerRun) {
        await pipeline.run({ nodes: nodes.slice(start, start + nodesPerRun) });
      }
    };
  },
};
