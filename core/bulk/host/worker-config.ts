import * as z from "zod";
import { planConfig } from "../../catchup/host/plan-config.ts";
import { emptyIsNone, wholeNumber } from "../../settings/environment.ts";
import { brokerConfig } from "./broker-config.ts";

/** Workers have no batches. */
const { BATCHES_IN_FLIGHT: _, ...shared } = planConfig.shape;

/** The environment that infra declares for a worker of the bulk API. */
export const bulkWorkerConfig = z.object({
  ...shared,
  ...brokerConfig,
  /** Chunks that one process works on concurrently. */
  CHUNKS_AT_ONCE: wholeNumber(1, 8),
  /** A local folder whose files are the sources instead of the bucket. */
  SOURCE_FOLDER: emptyIsNone,
  /** Seconds between two scans for open tasks without a job. */
  WATCH_SECONDS: wholeNumber(1, 3_600),
  /** The memory limit of the process in MiB. Near it, the process starts no further chunk. */
  MEMORY_MIB: wholeNumber(256, 1_000_000),
  /** Seconds from SIGTERM to SIGKILL. */
  STOP_SECONDS: wholeNumber(1, 3_600),
});

export type BulkWorkerConfig = z.infer<typeof bulkWorkerConfig>;
