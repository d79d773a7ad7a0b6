import { readSecret } from "../../settings/secret.ts";
import type { VectorSink } from "../index/vector-sink.ts";
import type { SinkConfig } from "./sink-config.ts";

/**
 * The sink of the stack for one invocation that has to be done at `giveUpAt` (epoch ms). A process loads the client of its
 * own sink alone.
 */
export type OpenSink = (giveUpAt: number) => Promise<VectorSink>;

export function sinkOpener({ SINK, SINK_PLACE: place, SINK_API_KEY_SECRET: secret }: SinkConfig): OpenSink {
  switch (SINK) {
    case "pinecone":
      return async (giveUpAt) => {
        const { PineconeSink } = await import("../index/pinecone/pinecone-sink.ts");
        const apiKey = await readSecret(secret ?? "", "catchup:pineconeApiKey");
        return new PineconeSink({ apiKey, host: place, giveUpAt: () => giveUpAt });
      };
    case "chroma":
      return async (giveUpAt) => {
        const { ChromaSink } = await import("../index/chroma/chroma-sink.ts");
        const apiKey = secret === undefined ? undefined : await readSecret(secret, "catchup:chromaApiKey");
        return new ChromaSink({ url: place, apiKey, giveUpAt: () => giveUpAt });
      };
    case "s3vectors":
      return async (giveUpAt) => {
        const { openS3Vectors } = await import("../index/s3-vectors/open-s3-vectors.ts");
        return openS3Vectors(place, () => giveUpAt);
      };
  }
}
