import * as z from "zod";
import { databaseConfig } from "../../core/images/database/database-config.ts";
import { wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the watch of the image flow. */
export const watchConfig = z.object({ ...databaseConfig, UNFINISHED_MINUTES: wholeNumber(1, 100_000) });

export type WatchConfig = z.infer<typeof watchConfig>;
