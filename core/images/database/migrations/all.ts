import { schema } from "./001-schema.ts";
import type { Migration } from "./migration.ts";

/** In the order in which they are applied. A migration that was released does not change; a new one follows it. */
export const migrations: readonly Migration[] = [schema];
