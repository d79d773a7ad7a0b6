import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { z } from "zod";
import { wholeNumber } from "../settings/environment.ts";
import { readSecret } from "../settings/secret.ts";
import { DynamoRateLimiter } from "./dynamo-rate-limiter.ts";
import { requestLimits } from "./limits.ts";
import { OpenAiEmbedder } from "./openai-embedder.ts";

/** The provider's limits, which all functions of the stack share. */
export const limitsEnvironment = {
  EMBEDDING_REQUESTS_PER_MINUTE: wholeNumber(1, 10_000_000),
  EMBEDDING_TOKENS_PER_MINUTE: wholeNumber(1, 10_000_000_000),
};

/** What infra sets for a function that embeds. */
export const embeddingEnvironment = {
  ...limitsEnvironment,
  CONTROL_TABLE: z.string().min(1),
  /** Name of the secret; its value is the key itself. */
  EMBEDDING_API_KEY_SECRET: z.string().min(1),
  EMBEDDING_BASE_URL: z.url(),
  EMBEDDING_MODEL: z.string().min(1),
  EMBEDDING_DIMENSIONS: wholeNumber(1, 65_536),
  EMBEDDING_MAX_INPUTS_PER_REQUEST: wholeNumber(1, requestLimits.inputs),
};

type EmbeddingEnvironment = z.infer<z.ZodObject<typeof embeddingEnvironment>>;

/**
 * Embedders that keep to the limits which all functions of the stack share, each for one invocation that has to be done
 * embedding at `giveUpAt` (epoch ms).
 */
export function limitedEmbedder(
  environment: EmbeddingEnvironment,
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
