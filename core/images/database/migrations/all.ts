import { schema } from "./001-schema.ts";
import { refused } from "./002-refused.ts";
import type { Migration } from "./migration.ts";

/** In the order of application. Released migrations never change; new ones are appended. */
export const migrations: readonly Migration[] = [schema, refused];
