import * as z from "zod";
import { wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the query server. */
export const queryServerConfig = z.object({
  RECEIPTS_TABLE: z.string().min(1),
  CONTROL_TABLE: z.string().min(1),
  DELTAS_BUCKET: z.string().min(1),
  /** Folder of the generations of all collections. */
  COLLECTIONS_PATH: z.string().min(1),
  COLLECTION_SHARDS: wholeNumber(1, 100),
  EMBEDDING_API_KEY_SECRET: z.string().min(1),
  EMBEDDING_BASE_URL: z.url(),
  EMBEDDING_MODEL: z.string().min(1),
  EMBEDDING_DIMENSIONS: wholeNumber(1, 65_536),
  SEARCH_API_KEY_SECRET: z.string().min(1),
  QUERY_EXACT_VECTORS: wholeNumber(0, 10_000_000),
  QUERY_MIN_COSINE_PERCENT: wholeNumber(0, 100),
  PORT: wholeNumber(0, 65_535),
  LISTEN_HOST: z.string().min(1).default("127.0.0.1"),
});
