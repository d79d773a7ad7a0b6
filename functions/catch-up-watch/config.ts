import * as z from "zod";
import { wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the watch of open tasks. */
export const watchConfig = z.object({
  TASKS_TABLE: z.string().min(1),
  STATE_MACHINE_ARN: z.string().min(1),
  RUN_FUNCTION: z.string().min(1),
  SETTLE_FUNCTION: z.string().min(1),
  /** Longer than all attempts to settle a task take. */
  SETTLING_SECONDS: wholeNumber(1, 21_600),
});

export type WatchConfig = z.infer<typeof watchConfig>;
