import * as z from "zod";
import { requestConfig } from "../../core/catchup/host/request-defaults.ts";
import { commaSeparated } from "../../core/settings/environment.ts";

/** The environment that infra declares for the API. The API has access to tasks and their workers, not to rows. */
export const apiConfig = z.object({
  ...requestConfig,
  STATE_MACHINE_ARN: z.string().min(1),
  RUN_FUNCTION: z.string().min(1),
  BATCH_FUNCTION: z.string().min(1),
  /** Origins whose pages may call from a browser. */
  CORS_ORIGINS: commaSeparated,
});

export type ApiConfig = z.infer<typeof apiConfig>;
