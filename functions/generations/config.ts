import * as z from "zod";
import { equallyMany, urlsOfShards, wholeNumber } from "../../core/settings/environment.ts";

const name = z.string().min(1);

/** The environment that infra declares for the function. */
export const generationsConfig = z
  .object({
    AWS_REGION: name,
    RECEIPTS_TABLE: name,
    CONTROL_TABLE: name,
    DELTAS_BUCKET: name,
    LINES_QUEUE_URLS: urlsOfShards,
    WORDS_QUEUE_URLS: urlsOfShards,
    FOLD_QUEUE_URL: name,
    COLLECTIONS_PATH: name,
    EMBEDDING_MODEL: name,
    EMBEDDING_DIMENSIONS: wholeNumber(1, 65_536),
    LEASE_SECONDS: wholeNumber(1, 3_600),
  })
  .check(equallyMany("LINES_QUEUE_URLS", "WORDS_QUEUE_URLS"));

export type GenerationsConfig = z.infer<typeof generationsConfig>;
