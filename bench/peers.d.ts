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

declare module "@llamaindex/openai" {
  export class OpenAIEmbedding {
    constructor(init: {
      apiKey: string;
      model: string;
      dimensions: number;
      baseURL: string;
      embedBatchSize: number;
    });
  }
}

declare module "@llamaindex/chroma" {
  import type { OpenAIEmbedding } from "@llamaindex/openai";

  export class ChromaVectorStore {
    constructor(init: {
      collectionName: string;
      chromaClientParams: { path: string };
      embeddingModel: OpenAIEmbedding;
    });
    getCollection(): Promise<unknown>;
  }
}

declare module "llamaindex" {
  import type { ChromaVectorStore } from "@llamaindex/chroma";
  import type { OpenAIEmbedding } from "@llamaindex/openai";

  export class TextNode {
    constructor(init: { id_: string; text: string; metadata: object; excludedEmbedMetadataKeys: string[] });
  }

  export class IngestionPipeline {
    constructor(init: {
      transformations: OpenAIEmbedding[];
      vectorStore: ChromaVectorStore;
      disableCache: boolean;
    });
    run(args: { nodes: TextNode[] }): Promise<unknown>;
  }
}
