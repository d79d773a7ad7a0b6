import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { DynamoRateLimiter } from "../resilience/dynamo-rate-limiter.ts";
import { readSecret } from "../settings/secret.ts";
import type { Embedder } from "./embedder.ts";
import type { EmbeddingConfig } from "./embedding-config.ts";
import { OpenAiEmbedder } from "./openai-embedder.ts";

type EmbeddingSpace = Pick<Embedder, "model" | "dimensions">;

/**
 * Creates embedders under the rate limits that all functions of the stack share, each for one invocation with the
 * deadline `giveUpAt` (epoch ms).
 * The model is that of the stack, or another one of the same provider, which shares the limits.
 */
export function limitedEmbedder(
  environment: EmbeddingConfig,
  client: DynamoDBDocumentClient,
): (giveUpAt: number, space?: EmbeddingSpace) => Promise<OpenAiEmbedder> {
  const limiter = new DynamoRateLimiter({
    client,
    controlTable: environment.CONTROL_TABLE,
    account: new URL(environment.EMBEDDING_BASE_URL).host,
    requestsPerMinute: environment.EMBEDDING_REQUESTS_PER_MINUTE,
    tokensPerMinute: environment.EMBEDDING_TOKENS_PER_MINUTE,
  });
  const ownSpace = { model: environment.EMBEDDING_MODEL, dimensions: environment.EMBEDDING_DIMENSIONS };
  return async (giveUpAt, { model, dimensions } = ownSpace) =>
    new OpenAiEmbedder({
      apiKey: await readSecret(environment.EMBEDDING_API_KEY_SECRET, "embedding:apiKey"),
      baseUrl: environment.EMBEDDING_BASE_URL,
      model,
      dimensions,
      limiter,
      giveUpAt: () => giveUpAt,
    });
}
