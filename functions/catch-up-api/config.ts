import * as z from "zod";
import { commaSeparated, emptyIsNone, wholeNumber } from "../../core/settings/environment.ts";

/** What infra sets for the API. It knows tasks, and who works on them; of rows it knows nothing. */
export const apiConfig = z.object({
  STATE_MACHINE_ARN: z.string().min(1),
  TASKS_TABLE: z.string().min(1),
  RUN_FUNCTION: z.string().min(1),
  SETTLE_FUNCTION: z.string().min(1),
  TASK_DAYS: wholeNumber(1, 3650),
  USD_PER_MILLION_TOKENS: z.coerce.number().min(0),
  DEFAULT_QUESTION_ID: emptyIsNone,
  DEFAULT_NAMESPACE: z.string().min(1),
  DEFAULT_BATCH_SIZE: wholeNumber(1, 1000),
  DEFAULT_ID_COLUMN: z.string().min(1),
  DEFAULT_TEXT_COLUMN: z.string().min(1),
  DEFAULT_START_VARIABLE: z.string().min(1),
  DEFAULT_END_VARIABLE: z.string().min(1),
  /** Whose pages may call from a browser. */
  CORS_ORIGINS: commaSeparated,
});

export type ApiConfig = z.infer<typeof apiConfig>;
