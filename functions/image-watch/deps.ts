import { databaseUntil } from "../../core/images/database/database-config.ts";
import { ItemStates } from "../../core/images/database/item-states.ts";
import type { WatchDeps } from "../../core/images/watch/watch-images.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import type { WatchConfig } from "./config.ts";

/** The dependencies of one invocation, whose calls end by `giveUpAt` (epoch ms). */
export function watchDeps(config: WatchConfig, { metrics }: Telemetry): (giveUpAt: number) => WatchDeps {
  const databaseFor = databaseUntil(config);
  return (giveUpAt) => ({
    metrics,
    minutes: config.UNFINISHED_MINUTES,
    states: new ItemStates(databaseFor(giveUpAt)),
  });
}
