import * as z from "zod";
import { wholeNumber } from "../settings/environment.ts";
import { requestLimits } from "./limits.ts";

/** The provider's limits, which all functions of the stack share. */
export const limitsConfig = {
  EMBEDDING_REQUESTS_PER_MINUTE: wholeNumber(1, 10_000_000),
  EMBEDDING_TOKENS_PER_MINUTE: wholeNumber(1, 10_000_000_000),
};

/** The environment that infra declares for a function that embeds. */
export const embeddingConfig = {
  ...limitsConfig,
  CONTROL_TABLE: z.string().min(1),
  /** Name of the secret that holds the key. */
  EMBEDDING_API_KEY_SECRET: z.string().min(1),
  EMBEDDING_BASE_URL: z.url(),
  EMBEDDING_MODEL: z.string().min(1),
  EMBEDDING_DIMENSIONS: wholeNumber(1, 65_536),
  EMBEDDING_MAX_INPUTS_PER_REQUEST: wholeNumber(1, requestLimits.inputs),
};

export type EmbeddingConfig = z.infer<z.ZodObject<typeof embeddingConfig>>;
