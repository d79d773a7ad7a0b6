import { compactionConfig } from "../../core/collections/host/collections-config.ts";
import { wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the worker. */
export const compactionWorkerConfig = compactionConfig.safeExtend({
  SHARDS_AT_ONCE: wholeNumber(1, 100),
  CYCLE_HOURS: wholeNumber(1, 100),
});
