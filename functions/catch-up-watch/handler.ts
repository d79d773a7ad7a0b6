import { watchTasks } from "../../core/catchup/work/watch-tasks.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { watchConfig } from "./config.ts";
import { watchDeps } from "./deps.ts";

/** Checks every open task within its timeout. The event has no content. */
export const handler = defineFunction({
  name: "catch-up-watch",
  config: watchConfig,
  deps: watchDeps,
  reserveMs: 15_000,
  handle: (_event: unknown, deps, { giveUpAt }) => watchTasks(deps, giveUpAt),
});
