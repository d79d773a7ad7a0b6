import { compactionEnvironment } from "../../core/collections/host/compaction-environment.ts";
import { wholeNumber } from "../../core/settings/environment.ts";

/** What infra sets for the worker. */
export const compactionWorkerEnvironment = compactionEnvironment.safeExtend({
  SHARDS_AT_ONCE: wholeNumber(1, 100),
  CYCLE_HOURS: wholeNumber(1, 100),
});
