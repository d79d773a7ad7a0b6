import * as z from "zod";
import { abandonUnits } from "../../core/catchup/batch/abandon-units.ts";
import { advanceUnit, giveUpUnit } from "../../core/catchup/batch/advance-unit.ts";
import { batchUnit } from "../../core/catchup/batch/batch-units.ts";
import type { Advance } from "../../core/catchup/batch/unit-work.ts";
import { batchDeps } from "../../core/catchup/host/batch-deps.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { batchConfig } from "./config.ts";

/**
 * The state machine names the unit, and gives it up when all attempts have failed. Without a unit, the batches of a task
 * that was cancelled are cancelled.
 */
const batchEvent = z.object({
  task_id: z.string(),
  unit: batchUnit.optional(),
  gives_up: z.boolean().default(false),
});

/** Advances the batch of a unit of a task, and tells the state machine when to call again. */
export const handler = defineFunction({
  name: "catch-up-batch",
  metrics: "catch-up",
  config: batchConfig,
  deps: batchDeps,
  // For writing the state after the provider's last answer.
  reserveMs: 10_000,
  async handle(event: unknown, depsFor, { giveUpAt }): Promise<Advance | undefined> {
    const { task_id: taskId, unit, gives_up: givesUp } = batchEvent.parse(event);
    const deps = await depsFor(giveUpAt);
    if (unit !== undefined) return (givesUp ? giveUpUnit : advanceUnit)(taskId, unit, deps);
    await abandonUnits(taskId, deps);
    return undefined;
  },
});
