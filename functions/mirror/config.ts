import * as z from "zod";
import { generationFilesConfig } from "../../core/collections/host/collections-config.ts";
import { equallyMany, wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the mirror function. */
export const mirrorConfig = z
  .object({
    ...generationFilesConfig,
    /** Name of the vector bucket. */
    MIRROR_BUCKET: z.string().min(1),
    LEASE_SECONDS: wholeNumber(1, 3_600),
  })
  .check(equallyMany("LINES_QUEUE_URLS", "WORDS_QUEUE_URLS"));

export type MirrorConfig = z.infer<typeof mirrorConfig>;
