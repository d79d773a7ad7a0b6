import * as z from "zod";
import { queueConfig } from "../../core/queues/queue-config.ts";

/** The environment that infra declares for the function. */
export const writeEmbeddingStatusConfig = z.object({
  ...queueConfig,
  RECEIPTS_TABLE: z.string().min(1),
  CONTROL_TABLE: z.string().min(1),
  DELTAS_BUCKET: z.string().min(1),
});

export type WriteEmbeddingStatusConfig = z.infer<typeof writeEmbeddingStatusConfig>;
