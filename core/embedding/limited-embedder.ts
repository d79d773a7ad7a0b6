import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { DynamoRateLimiter } from "../resilience/dynamo-rate-limiter.ts";
import { readSecret } from "../settings/secret.ts";
import type { EmbeddingConfig } from "./embedding-config.ts";
import { OpenAiEmbedder } from "./openai-embedder.ts";

/**
 * Creates embedders under the rate limits that all functions of the stack share, each for one invocation with the
 * deadline `giveUpAt` (epoch ms).
 */
export function limitedEmbedder(
  environment: EmbeddingConfig,
  client: DynamoDBDocumentClient,
): (giveUpAt: number) => Promise<OpenAiEmbedder> {
  const limiter = new DynamoRateLimiter({
    client,
    controlTable: environment.CONTROL_TABLE,
    account: new URL(environment.EMBEDDING_BASE_URL).host,
    requestsPerMinute: environment.EMBEDDING_REQUESTS_PER_MINUTE,
    tokensPerMinute: environment.EMBEDDING_TOKENS_PER_MINUTE,
  });
  return async (giveUpAt) =>
    new OpenAiEmbedder({
      apiKey: await readSecret(environment.EMBEDDING_API_KEY_SECRET, "embedding:apiKey"),
      baseUrl: environment.EMBEDDING_BASE_URL,
      model: environment.EMBEDDING_MODEL,
      dimensions: environment.EMBEDDING_DIMENSIONS,
      limiter,
      giveUpAt: () => giveUpAt,
    });
}
