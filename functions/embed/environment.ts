import { z } from "zod";
import { urlsOfShards, wholeNumber } from "../../core/settings/environment.ts";

/** What infra sets for the embed function. */
export const embedEnvironment = z.object({
  AWS_REGION: z.string().min(1),
  RECEIPTS_TABLE: z.string().min(1),
  CONTROL_TABLE: z.string().min(1),
  DELTAS_BUCKET: z.string().min(1),
  EMBED_QUEUE_URL: z.url(),
  LINES_QUEUE_URLS: urlsOfShards,
  WORDS_QUEUE_URLS: urlsOfShards,
  /** Name of the secret; its value is the key itself. */
  EMBEDDING_API_KEY_SECRET: z.string().min(1),
  EMBEDDING_BASE_URL: z.url(),
  EMBEDDING_MODEL: z.string().min(1),
  EMBEDDING_DIMENSIONS: wholeNumber(1, 65_536),
  EMBEDDING_REQUESTS_PER_MINUTE: wholeNumber(1, 10_000_000),
  EMBEDDING_TOKENS_PER_MINUTE: wholeNumber(1, 10_000_000_000),
  MAX_OPEN_RUNS: wholeNumber(1, 10_000_000),
  DEFER_SECONDS: wholeNumber(1, 600),
});

export type EmbedEnvironment = z.infer<typeof embedEnvironment>;
