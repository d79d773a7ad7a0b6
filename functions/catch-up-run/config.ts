import * as z from "zod";
import { planConfig } from "../../core/catchup/host/plan-config.ts";
import { wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the function that plans tasks. */
export const runConfig = z.object({
  ...planConfig.shape,
  STATE_MACHINE_ARN: z.string().min(1),
  ROWS_PER_FUNCTION: wholeNumber(0, 10_000_000),
  /** The least that batches must save for lane auto to choose them. */
  BATCH_MIN_SAVING_USD: z.coerce.number().min(0),
});

export type RunConfig = z.infer<typeof runConfig>;
