import * as z from "zod";
import { databaseConfig } from "../../core/images/database/database-config.ts";
import { wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the migration. The database's secret is that of its owner. */
export const migrateConfig = z.object({
  ...databaseConfig,
  /** The secret that receives the name and password of the functions' role. */
  ROLE_SECRET_ARN: z.string().min(1),
  VECTOR_DIMENSIONS: wholeNumber(1, 2_000),
});

export type MigrateConfig = z.infer<typeof migrateConfig>;
