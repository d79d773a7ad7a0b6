import * as z from "zod";
import { emptyIsNone, wholeNumber } from "../../settings/environment.ts";
import type { RequestDefaults } from "../requests/process-request.ts";
import { modelsConfig } from "./models-config.ts";

/** The environment that infra sets for every process that accepts requests. */
export const requestConfig = {
  TASKS_TABLE: z.string().min(1),
  TASK_DAYS: wholeNumber(1, 3650),
  ...modelsConfig,
  DEFAULT_QUESTION_ID: emptyIsNone,
  DEFAULT_NAMESPACE: z.string().min(1),
  DEFAULT_BATCH_SIZE: wholeNumber(1, 1000),
  DEFAULT_ID_COLUMN: z.string().min(1),
  DEFAULT_TEXT_COLUMN: z.string().min(1),
  DEFAULT_START_VARIABLE: z.string().min(1),
  DEFAULT_END_VARIABLE: z.string().min(1),
};

export type RequestConfig = z.infer<z.ZodObject<typeof requestConfig>>;

export function requestDefaults(config: RequestConfig): RequestDefaults {
  return {
    questionId: config.DEFAULT_QUESTION_ID,
    namespace: config.DEFAULT_NAMESPACE,
    batchSize: config.DEFAULT_BATCH_SIZE,
    model: config.EMBEDDING_MODEL,
    furtherModels: config.FURTHER_MODELS.map(({ model }) => model),
    names: {
      id_column: config.DEFAULT_ID_COLUMN,
      text_column: config.DEFAULT_TEXT_COLUMN,
      start_variable: config.DEFAULT_START_VARIABLE,
      end_variable: config.DEFAULT_END_VARIABLE,
    },
  };
}
