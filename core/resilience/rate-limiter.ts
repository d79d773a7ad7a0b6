/** Spends the provider account's requests and tokens a minute; the caller does the waiting. */
export interface RateLimiter {
  /**
   * Books one request of at most `tokens` tokens. Resolves to the milliseconds to wait before it is sent,
   * or to undefined, with nothing booked, if that were longer than `maxWait`.
   */
  book(tokens: number, maxWait: number): Promise<number | undefined>;
  /** Gives back tokens that were booked and not used. */
  giveBack(tokens: number): Promise<void>;
}

/** For a caller whose requests are too few to matter, and for measurements. */
export const unlimited: RateLimiter = {
  book: async () => 0,
  giveBack: async () => {},
};
