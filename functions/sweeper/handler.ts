import { defineFunction } from "../../core/process/define-function.ts";
import { sweep } from "../../core/sweep/sweep.ts";
import { sweeperConfig } from "./config.ts";
import { sweepDeps } from "./deps.ts";

/** Sweeps until its deadline; the next sweep continues. The event is empty. */
export const handler = defineFunction({
  name: "sweeper",
  metrics: "sweeper",
  config: sweeperConfig,
  deps: sweepDeps,
  reserveMs: 20_000,
  handle: (_event: unknown, deps, { giveUpAt }) => sweep(deps, giveUpAt),
});
