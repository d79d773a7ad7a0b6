import * as z from "zod";
import { limitsEnvironment } from "../../embedding/embedding-environment.ts";

/** What infra sets for every function that works on tasks. */
export const settleEnvironment = z.object({
  TASKS_TABLE: z.string().min(1),
  SOURCE_BUCKET: z.string().min(1),
  WORK_BUCKET: z.string().min(1),
  USD_PER_MILLION_TOKENS: z.coerce.number().min(0),
  ...limitsEnvironment,
});

export type SettleEnvironment = z.infer<typeof settleEnvironment>;
