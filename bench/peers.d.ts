/**
 * The parts of the peers' packages that the contenders use. Their packages are installed for the benchmark only, so
 * the type check of the repository must do without them.
 */
declare module "@langchain/openai" {
  export class OpenAIEmbeddings {
    constructor(fields: {
      apiKey: string;
      model: string;
      dimensions: number;
      batchSize: number;
      maxConcurrency: number;
      configuration: { baseURL: string };
    });
  }
}

declare module "@langchain/community/vectorstores/chroma" {
  import type { OpenAIEmbeddings } from "@langchain/openai";

  export class Chroma {
    constructor(
      embeddings: OpenAIEmbeddings,
      args: {
        collectionName: string;
        numDimensions: number;
        clientParams: { host: string; port: number };
      },
    );
    ensureCollection(): Promise<unknown>;
    addDocuments(
      documents: readonly { pageContent: string; metadata: object }[],
      options: { ids: readonly string[] },
    ): Promise<string[]>;
  }
}

declare module "@ai-sdk/openai" {
  export interface EmbeddingModel {
    readonly modelId: string;
  }
  export function createOpenAI(settings: { apiKey: string; baseURL: string }): {
    embedding(model: string): EmbeddingModel;
  };
}

declare module "ai" {
  import type { EmbeddingModel } from "@ai-sdk/openai";

  export function embedMany(options: {
    model: EmbeddingModel;
    values: readonly string[];
    maxParallelCalls: number;
    providerOptions: { openai: { dimensions: number } };
  }): Promise<{ embeddings: number[][] }>;
}

declare module "@mastra/chroma" {
  export class ChromaVector {
    constructor(settings: { id: string; host: string; port: number; ssl: boolean });
    getCollection(of: { indexName: string }): Promise<unknown>;
    upsert(some: {
      indexName: string;
      vectors: readonly number[][];
      metadata: readonly object[];
      ids: readonly string[];
      documents: readonly string[];
    }): Promise<string[]>;
  }
}
