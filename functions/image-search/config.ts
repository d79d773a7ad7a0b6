import * as z from "zod";
import { databaseConfig } from "../../core/images/database/database-config.ts";
import { voyageConfig } from "../../core/images/embed/voyage-config.ts";
import { wholeNumber } from "../../core/settings/environment.ts";

const percent = wholeNumber(0, 100).transform((value) => value / 100);

/** The environment that infra declares for the image search. */
export const searchConfig = z.object({
  ...databaseConfig,
  ...voyageConfig,
  /** JSON: the user of each API key, by the key's id. */
  USERS_BY_KEY_ID: z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .pipe(z.record(z.string(), z.string())),
  LEXICAL_WEIGHT_PERCENT: percent,
  RANK_CONSTANT: wholeNumber(1, 1_000),
});

export type SearchConfig = z.infer<typeof searchConfig>;
