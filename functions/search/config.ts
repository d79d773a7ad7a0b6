import * as z from "zod";
import { queryBackends } from "../../contract/mirror.ts";
import { embeddingConfig } from "../../core/embedding/embedding-config.ts";
import { emptyIsNone, wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the search function. */
export const searchConfig = z.object({
  ...embeddingConfig,
  RECEIPTS_TABLE: z.string().min(1),
  COLLECTION_SHARDS: wholeNumber(1, 100),
  QUERY_BACKEND: z.enum(queryBackends),
  /** With `snapshot`: the name prefix of the functions that search the shards; the shard's name follows. */
  SHARD_FUNCTION_PREFIX: emptyIsNone,
  /** With `s3vectors`: name of the vector bucket. */
  MIRROR_BUCKET: emptyIsNone,
});

export type SearchConfig = z.infer<typeof searchConfig>;
