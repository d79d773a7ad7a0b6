import { SFNClient } from "@aws-sdk/client-sfn";
import { batchProvider } from "../../core/catchup/host/batch-deps.ts";
import { chunkDeps, type ForInvocation } from "../../core/catchup/host/chunk-deps.ts";
import { planDeps } from "../../core/catchup/host/plan-deps.ts";
import { Executions } from "../../core/catchup/work/executions.ts";
import type { RunTaskDeps } from "../../core/catchup/work/run-task.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import type { RunConfig } from "./config.ts";

/** The dependencies of planning a task and of processing a small one. */
export function runDeps(config: RunConfig, telemetry: Telemetry): ForInvocation<RunTaskDeps> {
  const chunkDepsFor = chunkDeps(config, telemetry);
  const dispatcher = new Executions(new SFNClient({}), config.STATE_MACHINE_ARN);
  return async (giveUpAt) => ({
    ...(await chunkDepsFor(giveUpAt)),
    ...(await planDeps(config, giveUpAt)),
    dispatcher,
    batches: {
      check: async () => (await batchProvider(config, giveUpAt)).check(),
      minSavingUsd: config.BATCH_MIN_SAVING_USD,
    },
    rowsPerFunction: config.ROWS_PER_FUNCTION,
  });
}
