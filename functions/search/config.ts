import * as z from "zod";
import { embeddingConfig } from "../../core/embedding/embedding-config.ts";
import { wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the search function. */
export const searchConfig = z.object({
  ...embeddingConfig,
  RECEIPTS_TABLE: z.string().min(1),
  COLLECTION_SHARDS: wholeNumber(1, 100),
  /** The name prefix of the functions that search the shards; the shard's name follows. */
  SHARD_FUNCTION_PREFIX: z.string().min(1),
});

export type SearchConfig = z.infer<typeof searchConfig>;
