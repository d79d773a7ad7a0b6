import * as z from "zod";
import { embeddingConfig } from "../../embedding/embedding-config.ts";
import { emptyIsNone, jsonText, wholeNumber } from "../../settings/environment.ts";
import { columnTypes } from "../records/cell-value.ts";
import { settleConfig } from "./settle-config.ts";
import { sinkConfig } from "./sink-config.ts";

/** Columns and their declared types as JSON. */
const declaredTypes = jsonText.pipe(z.record(z.string(), z.enum(columnTypes)));

/** The environment that infra sets for every function that processes chunks. */
export const chunkConfig = z.object({
  ...settleConfig.shape,
  ...embeddingConfig,
  ...sinkConfig.shape,
  /** Bucket of the embedding cache. */
  EMBEDDING_CACHE_BUCKET: emptyIsNone,
  TOKENS_PER_TEXT: wholeNumber(1, 1_000_000),
  COLUMN_TYPES: declaredTypes,
});

export type ChunkConfig = z.infer<typeof chunkConfig>;
