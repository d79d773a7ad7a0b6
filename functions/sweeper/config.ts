import * as z from "zod";
import { mirrors } from "../../contract/mirror.ts";
import { documentsConfig, foldsConfig } from "../../core/collections/host/collections-config.ts";
import { equallyMany, wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the sweeper. */
export const sweeperConfig = z
  .object({
    ...documentsConfig,
    ...foldsConfig,
    AWS_REGION: z.string().min(1),
    COLLECTIONS_FILE_SYSTEM: z.string().min(1),
    OPEN_MINUTES: wholeNumber(1, 100_000),
    REDRIVES: wholeNumber(1, 1_000),
    /** The same setting as for compaction. */
    MAX_FAILURES: wholeNumber(1, 100),
    /** Maximum lifetime of a message with a delta key: in its queue and in the dead-letter queue. */
    DELTA_RETENTION_SECONDS: wholeNumber(1, 100_000_000),
    /** Longer than the timeout of an invocation. */
    CLAIM_SECONDS: wholeNumber(1, 3_600),
    MIRROR: z.enum(mirrors),
  })
  .check(equallyMany("LINES_QUEUE_URLS", "WORDS_QUEUE_URLS"));

export type SweeperConfig = z.infer<typeof sweeperConfig>;
