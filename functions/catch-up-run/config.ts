import * as z from "zod";
import { chunkConfig } from "../../core/catchup/host/chunk-config.ts";
import { emptyIsNone, wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the function that plans tasks. */
export const runConfig = z.object({
  ...chunkConfig.shape,
  STATE_MACHINE_ARN: z.string().min(1),
  ROWS_PER_FUNCTION: wholeNumber(0, 10_000_000),
  ROWS_PER_CHUNK: wholeNumber(1, 100_000),
  METABASE_URL: emptyIsNone,
  METABASE_API_KEY_SECRET: emptyIsNone,
  METABASE_ROW_CAP: wholeNumber(1, 1_000_000_000),
});

export type RunConfig = z.infer<typeof runConfig>;
