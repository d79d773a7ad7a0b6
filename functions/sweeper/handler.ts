import { defineFunction } from "../../core/process/define-function.ts";
import { sweep } from "../../core/sweep/sweep.ts";
import { sweeperConfig } from "./config.ts";
import { sweepDeps } from "./deps.ts";

/** Sweeps until its time is up; the next sweep does the rest. The event says nothing. */
export const handler = defineFunction({
  name: "sweeper",
  metrics: "sweeper",
  config: sweeperConfig,
  deps: sweepDeps,
  reserveMs: 20_000,
  handle: (_event: unknown, deps, { giveUpAt }) => sweep(deps, giveUpAt),
});
