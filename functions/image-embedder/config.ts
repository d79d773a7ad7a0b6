import * as z from "zod";
import { databaseConfig } from "../../core/images/database/database-config.ts";
import { voyageConfig } from "../../core/images/embed/voyage-config.ts";
import { queueConfig } from "../../core/queues/queue-config.ts";

/** The environment that infra declares for the image embedder. */
export const embedderConfig = z.object({ ...databaseConfig, ...queueConfig, ...voyageConfig });

export type EmbedderConfig = z.infer<typeof embedderConfig>;
