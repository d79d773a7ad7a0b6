import * as z from "zod";
import { foldsConfig, generationFilesConfig } from "../../core/collections/host/collections-config.ts";
import { equallyMany, wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the function. */
export const generationsConfig = z
  .object({
    ...generationFilesConfig,
    AWS_REGION: z.string().min(1),
    FOLD_QUEUE_URL: foldsConfig.FOLD_QUEUE_URL,
    LEASE_SECONDS: wholeNumber(1, 3_600),
  })
  .check(equallyMany("LINES_QUEUE_URLS", "WORDS_QUEUE_URLS"));

export type GenerationsConfig = z.infer<typeof generationsConfig>;
