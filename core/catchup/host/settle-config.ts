import * as z from "zod";
import { limitsConfig } from "../../embedding/embedding-config.ts";
import { wholeNumber } from "../../settings/environment.ts";
import { modelsConfig } from "./models-config.ts";

/** The environment that infra sets for every function that works on tasks. */
export const settleConfig = z.object({
  TASKS_TABLE: z.string().min(1),
  SOURCE_BUCKET: z.string().min(1),
  WORK_BUCKET: z.string().min(1),
  ...modelsConfig,
  /** Absent with workers, which have no batches. */
  BATCHES_IN_FLIGHT: wholeNumber(1, 1_000).optional(),
  ...limitsConfig,
});

export type SettleConfig = z.infer<typeof settleConfig>;
