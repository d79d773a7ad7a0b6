import * as z from "zod";
import { generationFilesConfig } from "../../core/collections/host/collections-config.ts";
import { equallyMany, wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the function. */
export const exportSnapshotConfig = z
  .object({
    ...generationFilesConfig,
    AWS_REGION: z.string().min(1),
    SNAPSHOTS_BUCKET: z.string().min(1),
    SNAPSHOTS_KEPT: wholeNumber(1, 1_000),
    MEMORY_MIB: wholeNumber(128, 10_240),
  })
  .check(equallyMany("LINES_QUEUE_URLS", "WORDS_QUEUE_URLS"));

export type ExportSnapshotConfig = z.infer<typeof exportSnapshotConfig>;
