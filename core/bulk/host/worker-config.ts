import * as z from "zod";
import { planConfig } from "../../catchup/host/plan-config.ts";
import { emptyIsNone, wholeNumber } from "../../settings/environment.ts";
import { brokerConfig } from "./broker-config.ts";

/** The environment that infra declares for a worker of the bulk API. */
export const bulkWorkerConfig = z.object({
  ...planConfig.shape,
  ...brokerConfig,
  /** Chunks that one process works on at a time. */
  CHUNKS_AT_ONCE: wholeNumber(1, 8),
  /** A folder of this machine whose files are the sources, in place of the bucket. */
  SOURCE_FOLDER: emptyIsNone,
  /** How often open tasks without a job are looked for. */
  WATCH_SECONDS: wholeNumber(1, 3_600),
  /** Memory that the process may take. Near it, no further chunk is begun. */
  MEMORY_MIB: wholeNumber(256, 1_000_000),
  /** From SIGTERM to SIGKILL. */
  STOP_SECONDS: wholeNumber(1, 3_600),
});

export type BulkWorkerConfig = z.infer<typeof bulkWorkerConfig>;
