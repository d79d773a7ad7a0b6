import { z } from "zod";
import { embeddingEnvironment, limitsEnvironment } from "../embedding/limited-embedder.ts";
import { wholeNumber } from "../settings/environment.ts";
import { columnTypes } from "./records/cell-value.ts";

/** Columns and their declared types as JSON. */
const declaredTypes = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue("must be JSON");
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.enum(columnTypes)));

const optional = z
  .string()
  .transform((text) => text || undefined)
  .optional();

/** What the functions know that work on tasks. */
const common = {
  TASKS_TABLE: z.string().min(1),
  SOURCE_BUCKET: z.string().min(1),
  WORK_BUCKET: z.string().min(1),
};

const settling = {
  USD_PER_MILLION_TOKENS: z.coerce.number().min(0),
  ...limitsEnvironment,
};

const chunking = {
  ...embeddingEnvironment,
  /** Name of the secret; its value is the key itself. */
  PINECONE_API_KEY_SECRET: z.string().min(1),
  PINECONE_HOST: z.url(),
  TOKENS_PER_TEXT: wholeNumber(1, 1_000_000),
  COLUMN_TYPES: declaredTypes,
};

const executing = { STATE_MACHINE_ARN: z.string().min(1) };

export const settleEnvironment = z.object({ ...common, ...settling });

export const chunkEnvironment = z.object({ ...common, ...settling, ...chunking });

export const runEnvironment = z.object({
  ...common,
  ...settling,
  ...chunking,
  ...executing,
  ROWS_PER_FUNCTION: wholeNumber(0, 10_000_000),
  ROWS_PER_CHUNK: wholeNumber(1, 100_000),
  METABASE_URL: optional,
  METABASE_API_KEY_SECRET: optional,
  METABASE_ROW_CAP: wholeNumber(1, 1_000_000_000),
});

/** The API knows tasks, and who works on them; of rows it knows nothing. */
export const apiEnvironment = z.object({
  ...executing,
  TASKS_TABLE: z.string().min(1),
  RUN_FUNCTION: z.string().min(1),
  SETTLE_FUNCTION: z.string().min(1),
  TASK_DAYS: wholeNumber(1, 3650),
  USD_PER_MILLION_TOKENS: z.coerce.number().min(0),
  DEFAULT_QUESTION_ID: optional,
  DEFAULT_NAMESPACE: z.string().min(1),
  DEFAULT_BATCH_SIZE: wholeNumber(1, 1000),
  DEFAULT_ID_COLUMN: z.string().min(1),
  DEFAULT_TEXT_COLUMN: z.string().min(1),
  DEFAULT_START_VARIABLE: z.string().min(1),
  DEFAULT_END_VARIABLE: z.string().min(1),
});
