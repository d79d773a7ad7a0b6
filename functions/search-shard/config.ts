import * as z from "zod";
import { wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the function that searches one shard. */
export const searchShardConfig = z.object({
  CONTROL_TABLE: z.string().min(1),
  DELTAS_BUCKET: z.string().min(1),
  /** Folder of the generations of all collections. */
  COLLECTIONS_PATH: z.string().min(1),
  COLLECTION_SHARDS: wholeNumber(1, 100),
  SHARD: z.string().min(1),
  EMBEDDING_MODEL: z.string().min(1),
  EMBEDDING_DIMENSIONS: wholeNumber(1, 65_536),
  QUERY_MAX_VECTORS: wholeNumber(1, 10_000_000),
  QUERY_MIN_COSINE_PERCENT: wholeNumber(0, 100),
});

export type SearchShardConfig = z.infer<typeof searchShardConfig>;
