import { defineFunction } from "../../core/process/define-function.ts";
import { migrateConfig } from "./config.ts";
import { migrateDeps } from "./deps.ts";

/** Migrates the database of the image flow to the schema of this version. The deployment invokes it. */
export const handler = defineFunction({
  name: "image-migrate",
  config: migrateConfig,
  deps: migrateDeps,
  reserveMs: 5_000,
  async handle(_event: unknown, migrate, { giveUpAt }) {
    return { applied: await migrate(giveUpAt) };
  },
});
