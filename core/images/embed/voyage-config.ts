import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { Purpose } from "../../embedding/embedder.ts";
import { VoyageEmbedder } from "../../embedding/voyage-embedder.ts";
import { systemClock } from "../../resilience/clock.ts";
import { DynamoRateLimiter, defaultBurstMs } from "../../resilience/dynamo-rate-limiter.ts";
import { LeasedRateLimiter, leaseMs } from "../../resilience/leased-rate-limiter.ts";
import type { RateLimiter } from "../../resilience/rate-limiter.ts";
import { wholeNumber } from "../../settings/environment.ts";
import { readSecret } from "../../settings/secret.ts";

/** The environment that infra declares for a function that embeds documents or questions of the image flow. */
export const voyageConfig = {
  CONTROL_TABLE: z.string().min(1),
  VOYAGE_API_KEY_SECRET: z.string().min(1),
  VOYAGE_BASE_URL: z.url(),
  VOYAGE_EMBEDDING_MODEL: z.string().min(1),
  VOYAGE_EMBEDDING_DIMENSIONS: wholeNumber(1, 2_000),
  VOYAGE_REQUESTS_PER_MINUTE: wholeNumber(1, 1_000_000),
  VOYAGE_TOKENS_PER_MINUTE: wholeNumber(1, 1_000_000_000),
};

export type VoyageConfig = z.infer<z.ZodObject<typeof voyageConfig>>;

/** Most questions are shorter; a longer one takes more of its lease. */
const tokensPerQuestion = 200;

/**
 * Returns a factory of embedders with the shared rate limit, for one invocation with the deadline `giveUpAt` (epoch
 * milliseconds). Questions lease their requests, because their users wait.
 */
export function voyageEmbedder(
  config: VoyageConfig,
  client: DynamoDBDocumentClient,
  purpose: Purpose,
): (giveUpAt: number) => Promise<VoyageEmbedder> {
  const shared = sharedLimiter(config, client);
  const limiter = purpose === "query" ? leasing(shared, config) : shared;
  return async (giveUpAt) =>
    new VoyageEmbedder({
      apiKey: await readSecret(config.VOYAGE_API_KEY_SECRET, "images:voyageApiKey"),
      baseUrl: config.VOYAGE_BASE_URL,
      model: config.VOYAGE_EMBEDDING_MODEL,
      dimensions: config.VOYAGE_EMBEDDING_DIMENSIONS,
      limiter,
      giveUpAt: () => giveUpAt,
    });
}

function sharedLimiter(config: VoyageConfig, client: DynamoDBDocumentClient): RateLimiter {
  return new DynamoRateLimiter({
    client,
    controlTable: config.CONTROL_TABLE,
    account: `${new URL(config.VOYAGE_BASE_URL).host}#images`,
    requestsPerMinute: config.VOYAGE_REQUESTS_PER_MINUTE,
    tokensPerMinute: config.VOYAGE_TOKENS_PER_MINUTE,
    // What is leased may be spent late: burst and lease together allow what a burst alone allows elsewhere.
    burstMs: defaultBurstMs - leaseMs,
  });
}

function leasing(limiter: RateLimiter, config: VoyageConfig): RateLimiter {
  return new LeasedRateLimiter({
    limiter,
    requestsPerMinute: config.VOYAGE_REQUESTS_PER_MINUTE,
    tokensPerRequest: tokensPerQuestion,
    clock: systemClock,
  });
}
