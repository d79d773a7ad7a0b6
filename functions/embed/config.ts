import * as z from "zod";
import { embeddingConfig } from "../../core/embedding/embedding-config.ts";
import { urlsOfShards, wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the embed function. */
export const embedConfig = z.object({
  ...embeddingConfig,
  AWS_REGION: z.string().min(1),
  RECEIPTS_TABLE: z.string().min(1),
  DELTAS_BUCKET: z.string().min(1),
  EMBED_QUEUE_URL: z.url(),
  EMBED_DEAD_LETTER_QUEUE_URL: z.url(),
  LINES_QUEUE_URLS: urlsOfShards,
  WORDS_QUEUE_URLS: urlsOfShards,
  MAX_OPEN_RUNS: wholeNumber(1, 10_000_000),
  DEFER_SECONDS: wholeNumber(1, 600),
});

export type EmbedConfig = z.infer<typeof embedConfig>;
