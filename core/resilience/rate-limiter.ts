/** Books the requests and tokens per minute of a provider account. The caller does the waiting. */
export interface RateLimiter {
  /**
   * Books requests, one by default, of at most `tokens` tokens together. Resolves to the milliseconds to wait before
   * sending them, or to undefined, without a booking, if the wait would exceed `maxWait`.
   */
  book(tokens: number, maxWait: number, requests?: number): Promise<number | undefined>;
  /** Returns tokens that were booked but not used. */
  giveBack(tokens: number): Promise<void>;
}

/** For callers with too few requests to matter, and for measurements. */
export const unlimited: RateLimiter = {
  book: async () => 0,
  giveBack: async () => {},
};
