import type { Settings } from "../config.ts";
import type { StoredSecret } from "./stored-secret.ts";

/** Returns the environment for access to the embedding provider. */
export function embeddingEnvironment(embedding: Settings["embedding"], apiKey: StoredSecret) {
  return {
    EMBEDDING_API_KEY_SECRET: apiKey.name,
    EMBEDDING_BASE_URL: embedding.baseUrl,
    EMBEDDING_MODEL: embedding.model,
    EMBEDDING_DIMENSIONS: String(embedding.dimensions),
    EMBEDDING_MAX_INPUTS_PER_REQUEST: String(embedding.maxInputsPerRequest),
  };
}
