import * as z from "zod";
import { equallyMany, urlsOfShards, wholeNumber } from "../../core/settings/environment.ts";

const name = z.string().min(1);

/** The environment that infra declares for the sweeper. */
export const sweeperConfig = z
  .object({
    AWS_REGION: name,
    RECEIPTS_TABLE: name,
    CONTROL_TABLE: name,
    COLLECTIONS_FILE_SYSTEM: name,
    DELTAS_BUCKET: name,
    LINES_QUEUE_URLS: urlsOfShards,
    WORDS_QUEUE_URLS: urlsOfShards,
    FOLD_QUEUE_URL: name,
    FOLD_VECTORS: wholeNumber(0, 1_000_000),
    FOLD_HOURS: wholeNumber(1, 10_000),
    MAX_OVERLAY_VECTORS: wholeNumber(1, 1_000_000),
    OPEN_MINUTES: wholeNumber(1, 100_000),
    REDRIVES: wholeNumber(1, 1_000),
    /** The setting of compaction. */
    MAX_FAILURES: wholeNumber(1, 100),
    /** Maximum lifetime of a message that names a delta: in its queue and in the dead-letter queue. */
    DELTA_RETENTION_SECONDS: wholeNumber(1, 100_000_000),
    /** Longer than the timeout of an invocation. */
    CLAIM_SECONDS: wholeNumber(1, 3_600),
  })
  .check(equallyMany("LINES_QUEUE_URLS", "WORDS_QUEUE_URLS"));

export type SweeperConfig = z.infer<typeof sweeperConfig>;
