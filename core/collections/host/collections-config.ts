import * as z from "zod";
import { equallyMany, urlsOfShards, wholeNumber } from "../../settings/environment.ts";

const name = z.string().min(1);

/** The environment that infra sets for every process that works on the documents of all shards. */
export const documentsConfig = {
  RECEIPTS_TABLE: name,
  CONTROL_TABLE: name,
  DELTAS_BUCKET: name,
  LINES_QUEUE_URLS: urlsOfShards,
  WORDS_QUEUE_URLS: urlsOfShards,
};

/** The environment that infra sets for every process that opens their generations. */
export const generationFilesConfig = {
  ...documentsConfig,
  COLLECTIONS_PATH: name,
  EMBEDDING_MODEL: name,
  EMBEDDING_DIMENSIONS: wholeNumber(1, 65_536),
};

/** The environment that infra sets for every process that requests folds. */
export const foldsConfig = {
  FOLD_QUEUE_URL: name,
  FOLD_VECTORS: wholeNumber(0, 1_000_000),
  FOLD_HOURS: wholeNumber(1, 10_000),
  MAX_OVERLAY_VECTORS: wholeNumber(1, 1_000_000),
};

const seconds = wholeNumber(0, 86_400);

/** Each shard has a queue and a dead-letter queue in both collections. */
const inShards = equallyMany(
  "LINES_QUEUE_URLS",
  "WORDS_QUEUE_URLS",
  "LINES_DEAD_LETTER_QUEUE_URLS",
  "WORDS_DEAD_LETTER_QUEUE_URLS",
);

/** The environment that infra sets for every process that compacts. */
export const compactionConfig = z
  .object({
    AWS_REGION: z.string().min(1),
    ...generationFilesConfig,
    ...foldsConfig,
    LINES_DEAD_LETTER_QUEUE_URLS: urlsOfShards,
    WORDS_DEAD_LETTER_QUEUE_URLS: urlsOfShards,
    LEASE_SECONDS: wholeNumber(1, 3_600),
    LEASE_WAIT_SECONDS: seconds,
    DRAIN_MAX_MESSAGES: wholeNumber(0, 100_000),
    DRAIN_MAX_MIB: wholeNumber(1, 1_024),
    DRAIN_SECONDS: seconds,
    MIN_PUBLISH_INTERVAL_SECONDS: seconds,
    GENERATIONS_KEPT: wholeNumber(1, 1_000),
    MAX_READER_SECONDS: seconds,
    MAX_FAILURES: wholeNumber(1, 100),
  })
  .check(inShards);

export type CompactionConfig = z.infer<typeof compactionConfig>;
