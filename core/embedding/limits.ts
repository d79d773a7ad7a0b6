/** What the provider takes in one embedding request. UTF-8 bytes are the free upper bound of tokens. */
export const requestLimits = {
  inputs: 2_048,
  /** Of all inputs of one request together. */
  tokens: 300_000,
  /** Of one input. */
  inputTokens: 8_191,
} as const;

/** Requests of one process that may be under way at a time. */
export const requestsInFlight = 8;

/** At least as many tokens as a text has: one a UTF-8 byte. */
export function tokenBound(text: string): number {
  return Buffer.byteLength(text);
}
