import { GetVectorsCommand, ListVectorsCommand, S3VectorsClient } from "@aws-sdk/client-s3vectors";
import { Pinecone } from "@pinecone-database/pinecone";
import { namespaceSlug } from "../../core/catchup/index/namespace-slug.ts";
import type { RunningStack } from "./running-stack.ts";

/** What a sink of catch-up holds, read without the product. */
export interface SinkReader {
  /** Metadata of vectors, by id. */
  metadata(namespace: string, ids: readonly string[]): Promise<Record<string, unknown>>;
  count(namespace: string): Promise<number>;
}

/** By the environment of a function that writes to it. */
export function sinkReader(stack: RunningStack, variables: Readonly<Record<string, string>>): SinkReader {
  const { SINK, SINK_PLACE = "" } = variables;
  return SINK === "s3vectors" ? s3VectorsReader(stack, SINK_PLACE) : pineconeReader(SINK_PLACE);
}

function pineconeReader(host: string): SinkReader {
  const index = new Pinecone({ apiKey: "any" }).index({ host });
  return {
    async metadata(namespace, ids) {
      const { records } = await index.fetch({ namespace, ids: [...ids] });
      return Object.fromEntries(Object.entries(records).map(([id, { metadata }]) => [id, metadata]));
    },
    async count(namespace) {
      const { namespaces } = await index.describeIndexStats();
      return namespaces?.[namespace]?.recordCount ?? 0;
    },
  };
}

function s3VectorsReader(stack: RunningStack, vectorBucketName: string): SinkReader {
  const client = new S3VectorsClient(stack.client);
  const placeOf = (namespace: string) => ({ vectorBucketName, indexName: namespaceSlug(namespace) });
  return {
    async metadata(namespace, ids) {
      const get = { ...placeOf(namespace), keys: [...ids], returnMetadata: true };
      const { vectors = [] } = await client.send(new GetVectorsCommand(get));
      return Object.fromEntries(vectors.map(({ key = "", metadata }) => [key, metadata]));
    },
    /** Of at most a page of vectors. */
    async count(namespace) {
      const list = new ListVectorsCommand({ ...placeOf(namespace), maxResults: 1_000 });
      return (await client.send(list)).vectors?.length ?? 0;
    },
  };
}
