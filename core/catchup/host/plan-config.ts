import * as z from "zod";
import { emptyIsNone, wholeNumber } from "../../settings/environment.ts";
import { chunkConfig } from "./chunk-config.ts";

/** The environment that infra sets for every process that plans tasks. */
export const planConfig = z.object({
  ...chunkConfig.shape,
  ROWS_PER_CHUNK: wholeNumber(1, 100_000),
  METABASE_URL: emptyIsNone,
  METABASE_API_KEY_SECRET: emptyIsNone,
  METABASE_ROW_CAP: wholeNumber(1, 1_000_000_000),
});

export type PlanConfig = z.infer<typeof planConfig>;
