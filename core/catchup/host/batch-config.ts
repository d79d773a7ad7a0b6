import type * as z from "zod";
import { chunkConfig } from "./chunk-config.ts";

/** The environment that infra sets for the function that pays for texts in batches. */
export const batchConfig = chunkConfig.pick({
  TASKS_TABLE: true,
  SOURCE_BUCKET: true,
  WORK_BUCKET: true,
  SINK: true,
  SINK_PLACE: true,
  SINK_API_KEY_SECRET: true,
  EMBEDDING_API_KEY_SECRET: true,
  EMBEDDING_BASE_URL: true,
  EMBEDDING_MODEL: true,
  FURTHER_MODELS: true,
  EMBEDDING_DIMENSIONS: true,
  EMBEDDING_CACHE_BUCKET: true,
  EMBEDDING_MAX_INPUTS_PER_REQUEST: true,
  TOKENS_PER_TEXT: true,
  COLUMN_TYPES: true,
});

export type BatchConfig = z.infer<typeof batchConfig>;
