import * as z from "zod";
import { databaseConfig } from "../../core/images/database/database-config.ts";
import { queueConfig } from "../../core/queues/queue-config.ts";
import { wholeNumber } from "../../core/settings/environment.ts";

/** The environment that infra declares for the image processor. */
export const processorConfig = z.object({
  ...databaseConfig,
  ...queueConfig,
  RENDITIONS_BUCKET: z.string().min(1),
  EVENT_BUS_NAME: z.string().min(1),
  MAX_MEGABYTES: wholeNumber(1, 1_000),
  MAX_MEGAPIXELS: wholeNumber(1, 1_000),
  HEIC: z.enum(["true", "false"]).transform((text) => text === "true"),
});

export type ProcessorConfig = z.infer<typeof processorConfig>;
