import * as z from "zod";
import { urlsOfShards, wholeNumber } from "../../settings/environment.ts";

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
