/** The provider's limits per embedding request. UTF-8 bytes are a cheap upper bound of tokens. */
export const requestLimits = {
  inputs: 2_048,
  /** All inputs of a request together. */
  tokens: 300_000,
  /** A single input. */
  inputTokens: 8_191,
} as const;

/** Maximum number of concurrent requests per process. */
export const requestsInFlight = 8;

/** An upper bound of a text's tokens: one per UTF-8 byte. */
export function tokenBound(text: string): number {
  return Buffer.byteLength(text);
}
