import * as z from "zod";
import { visionConfig } from "../../core/images/analyze/vision-config.ts";
import { databaseConfig } from "../../core/images/database/database-config.ts";
import { queueConfig } from "../../core/queues/queue-config.ts";

/** The environment that infra declares for the image analyzer. */
export const analyzerConfig = z.object({
  ...databaseConfig,
  ...queueConfig,
  ...visionConfig,
  EVENT_BUS_NAME: z.string().min(1),
  /** 0 means no limit. */
  USD_PER_DAY: z.coerce.number().min(0),
});

export type AnalyzerConfig = z.infer<typeof analyzerConfig>;
