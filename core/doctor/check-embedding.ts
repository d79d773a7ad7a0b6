import type { Embedder } from "../embedding/embedder.ts";
import { EmbeddingThrottledError } from "../embedding/embedding-errors.ts";
import { type Finding, ok, warn } from "./check.ts";

/** One tiny request tells whether the key, the model and the dimensions are right: the answer is checked as any other. */
export async function checkEmbedding(embedder: Embedder, provider: string): Promise<Finding[]> {
  try {
    await embedder.embed(["receipt"]);
  } catch (error) {
    if (!(error instanceof EmbeddingThrottledError)) throw error;
    return [
      warn(
        `${provider} takes the key, and no request at the moment: its rate limit is used up.`,
        "Compare embedding:requestsPerMinute and embedding:tokensPerMinute with the account's limits.",
      ),
    ];
  }
  return [
    ok(`${provider} takes the key and answers ${embedder.model} with ${embedder.dimensions} dimensions.`),
  ];
}
