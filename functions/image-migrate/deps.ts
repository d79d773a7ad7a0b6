import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { databaseUntil } from "../../core/images/database/database-config.ts";
import { migrate } from "../../core/images/database/migrate.ts";
import { roleName, rolePassword } from "../../core/images/database/role-secret.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { systemClock } from "../../core/resilience/clock.ts";
import type { MigrateConfig } from "./config.ts";

/** Applies the missing migrations by `giveUpAt` (epoch ms). */
export type Migrate = (giveUpAt: number) => Promise<number[]>;

export function migrateDeps(config: MigrateConfig, { log }: Telemetry): Migrate {
  const secrets = new SecretsManagerClient({});
  const databaseFor = databaseUntil(config);
  return async (giveUpAt) =>
    migrate(
      { database: databaseFor(giveUpAt), clock: systemClock, giveUpAt, log },
      {
        dimensions: config.VECTOR_DIMENSIONS,
        role: roleName,
        password: await rolePassword(secrets, config.ROLE_SECRET_ARN),
      },
    );
}
