import * as z from "zod";
import { limitsConfig } from "../../embedding/embedding-config.ts";

/** The environment that infra sets for every function that works on tasks. */
export const settleConfig = z.object({
  TASKS_TABLE: z.string().min(1),
  SOURCE_BUCKET: z.string().min(1),
  WORK_BUCKET: z.string().min(1),
  USD_PER_MILLION_TOKENS: z.coerce.number().min(0),
  ...limitsConfig,
});

export type SettleConfig = z.infer<typeof settleConfig>;
