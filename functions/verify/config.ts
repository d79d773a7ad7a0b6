import * as z from "zod";
import { equallyMany, urlsOfShards, wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the verify function. */
export const verifyConfig = z
  .object({
    RECEIPTS_TABLE: z.string().min(1),
    CONTROL_TABLE: z.string().min(1),
    DELTAS_BUCKET: z.string().min(1),
    LINES_QUEUE_URLS: urlsOfShards,
    WORDS_QUEUE_URLS: urlsOfShards,
    COLLECTIONS_PATH: z.string().min(1),
    EMBEDDING_MODEL: z.string().min(1),
    EMBEDDING_DIMENSIONS: wholeNumber(1, 65_536),
    SETTLE_SECONDS: wholeNumber(0, 600),
    QUERY_EXACT_VECTORS: wholeNumber(0, 10_000_000),
    /** A search does not open a shard of more; absent where it opens any. */
    QUERY_MAX_VECTORS: wholeNumber(1, 10_000_000).optional(),
  })
  .check(equallyMany("LINES_QUEUE_URLS", "WORDS_QUEUE_URLS"));

export type VerifyConfig = z.infer<typeof verifyConfig>;
