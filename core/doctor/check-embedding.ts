import type { Embedder } from "../embedding/embedder.ts";
import { EmbeddingThrottledError } from "../embedding/embedding-errors.ts";
import { type Finding, ok, warn } from "./check.ts";

/** One small request checks the key, the model and the dimensions; its response is validated like any other. */
export async function checkEmbedding(embedder: Embedder, provider: string): Promise<Finding[]> {
  try {
    await embedder.embed(["receipt"]);
  } catch (error) {
    if (!(error instanceof EmbeddingThrottledError)) throw error;
    return [
      warn(
        `${provider} accepts the key, but its rate limit is exhausted.`,
        "Compare embedding:requestsPerMinute and embedding:tokensPerMinute with the account's limits.",
      ),
    ];
  }
  return [
    ok(`${provider} accepts the key and serves ${embedder.model} with ${embedder.dimensions} dimensions.`),
  ];
}
