import { countTokens } from "gpt-tokenizer/encoding/cl100k_base";
import { tokenBound } from "../../embedding/limits.ts";

/** A special token in a row is text like any other. */
const asText = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };

/**
 * Tokens of a text as OpenAI's embedding models count them (cl100k). A text whose bytes fit the limit has at most as
 * many tokens, and is not counted.
 */
export function tokensOf(text: string, limit: number): number {
  const bound = tokenBound(text);
  return bound <= limit ? bound : exactTokens(text);
}

export function exactTokens(text: string): number {
  return countTokens(text, asText);
}
