import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3VectorsClient } from "@aws-sdk/client-s3vectors";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { ShardName } from "../../contract/collections.ts";
import { mirrorIndexName } from "../../contract/mirror.ts";
import { S3VectorsQuery } from "../../core/mirror/s3-vectors-query.ts";
import { searchMirror, similarInMirror } from "../../core/search/mirror/search-mirror.ts";
import type { QueryVectors } from "../../core/search/query-vectors.ts";
import type { SearchBackend } from "../../core/search/shards/answer-request.ts";
import { invokedShards } from "../../core/search/shards/invoked-shards.ts";
import { searchShards, similarShards } from "../../core/search/shards/search-shards.ts";
import type { SearchConfig } from "./config.ts";

/** The backend of one request with the deadline `giveUpAt` (epoch milliseconds). */
export type OpenBackend = (giveUpAt: number) => SearchBackend;

/** Asks the function of each shard, which has its snapshot in memory. */
export function snapshotBackend(config: SearchConfig, vectors: QueryVectors): OpenBackend {
  const lambda = new LambdaClient({});
  return (giveUpAt) => {
    const deps = {
      collectionShards: config.COLLECTION_SHARDS,
      dimensions: config.EMBEDDING_DIMENSIONS,
      vectors,
      ask: invokedShards(
        lambda,
        (shard) => `${config.SHARD_FUNCTION_PREFIX}${shard}`,
        AbortSignal.timeout(Math.max(1, giveUpAt - Date.now())),
      ),
    };
    return {
      search: (body) => searchShards(body, deps),
      similar: (request) => similarShards(request, deps),
    };
  };
}

/** Queries the vector index of each shard. */
export function mirrorBackend(
  config: SearchConfig,
  vectors: QueryVectors,
  documents: DynamoDBDocumentClient,
): OpenBackend {
  const client = new S3VectorsClient({ maxAttempts: 1 });
  const { CONTROL_TABLE: controlTable, EMBEDDING_DIMENSIONS: dimensions, MIRROR_BUCKET = "" } = config;
  return (giveUpAt) => {
    const deps = {
      collectionShards: config.COLLECTION_SHARDS,
      dimensions,
      vectors,
      mirrorOf: (shard: ShardName) =>
        new S3VectorsQuery({
          client,
          giveUpAt: () => giveUpAt,
          control: { client: documents, controlTable },
          shard,
          bucketName: MIRROR_BUCKET,
          indexName: mirrorIndexName(shard, dimensions),
        }),
    };
    return {
      search: (body) => searchMirror(body, deps),
      similar: (request) => similarInMirror(request, deps),
    };
  };
}
