import { RDSDataClient } from "@aws-sdk/client-rds-data";
import * as z from "zod";
import { DataApiDatabase } from "./data-api-database.ts";

/** The environment that infra declares for a function with access to the database. */
export const databaseConfig = {
  DATABASE_CLUSTER_ARN: z.string().min(1),
  /** The ARN of the secret with the role's name and password. */
  DATABASE_SECRET_ARN: z.string().min(1),
  DATABASE_NAME: z.string().min(1),
};

export type DatabaseConfig = z.infer<z.ZodObject<typeof databaseConfig>>;

/** Returns a factory of databases for one invocation each, with the deadline `giveUpAt` (epoch milliseconds). */
export function databaseUntil(config: DatabaseConfig): (giveUpAt: number) => DataApiDatabase {
  const client = new RDSDataClient({});
  return (giveUpAt) =>
    new DataApiDatabase({
      client,
      clusterArn: config.DATABASE_CLUSTER_ARN,
      secretArn: config.DATABASE_SECRET_ARN,
      database: config.DATABASE_NAME,
      giveUpAt,
    });
}
