import * as z from "zod";
import { generationFilesConfig } from "../../core/collections/host/collections-config.ts";
import { equallyMany, wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the verify function. */
export const verifyConfig = z
  .object({
    ...generationFilesConfig,
    SETTLE_SECONDS: wholeNumber(0, 600),
    QUERY_EXACT_VECTORS: wholeNumber(0, 10_000_000),
    /** The maximum number of vectors of a shard that the search opens; absent if there is none. */
    QUERY_MAX_VECTORS: wholeNumber(1, 10_000_000).optional(),
  })
  .check(equallyMany("LINES_QUEUE_URLS", "WORDS_QUEUE_URLS"));

export type VerifyConfig = z.infer<typeof verifyConfig>;
