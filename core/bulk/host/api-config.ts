import * as z from "zod";
import { requestConfig } from "../../catchup/host/request-defaults.ts";
import { wholeNumber } from "../../settings/environment.ts";
import { brokerConfig } from "./broker-config.ts";

/**
 * The environment that infra declares for the bulk API. It has access to tasks and jobs, but not to rows or providers.
 */
export const bulkApiConfig = z.object({
  ...requestConfig,
  ...brokerConfig,
  BULK_API_KEY_SECRET: z.string().min(1),
  PORT: wholeNumber(0, 65_535),
  /** Whether Bull Board shows the queues. */
  BULK_BOARD: z.enum(["true", "false"]).transform((value) => value === "true"),
  LISTEN_HOST: z.string().min(1).default("127.0.0.1"),
});

export type BulkApiConfig = z.infer<typeof bulkApiConfig>;
