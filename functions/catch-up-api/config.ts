import * as z from "zod";
import { commaSeparated, emptyIsNone, wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the API. The API has access to tasks and their workers, not to rows. */
export const apiConfig = z.object({
  STATE_MACHINE_ARN: z.string().min(1),
  TASKS_TABLE: z.string().min(1),
  RUN_FUNCTION: z.string().min(1),
  TASK_DAYS: wholeNumber(1, 3650),
  USD_PER_MILLION_TOKENS: z.coerce.number().min(0),
  DEFAULT_QUESTION_ID: emptyIsNone,
  DEFAULT_NAMESPACE: z.string().min(1),
  DEFAULT_BATCH_SIZE: wholeNumber(1, 1000),
  DEFAULT_ID_COLUMN: z.string().min(1),
  DEFAULT_TEXT_COLUMN: z.string().min(1),
  DEFAULT_START_VARIABLE: z.string().min(1),
  DEFAULT_END_VARIABLE: z.string().min(1),
  /** Origins whose pages may call from a browser. */
  CORS_ORIGINS: commaSeparated,
});

export type ApiConfig = z.infer<typeof apiConfig>;
