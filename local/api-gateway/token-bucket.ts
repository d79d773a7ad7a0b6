/** Settings of a throttle, in API Gateway's words. */
export interface Throttle {
  /** Requests a second that are added to the bucket. */
  readonly rateLimit: number;
  /** Capacity of the bucket. */
  readonly burstLimit: number;
}

/** A token bucket that starts full; every request needs one token. */
export class TokenBucket {
  readonly #throttle: Throttle;
  #tokens: number;
  /** Milliseconds, of the same clock as `now`. */
  #filledAt: number;

  constructor(throttle: Throttle, now: number) {
    this.#throttle = throttle;
    this.#tokens = throttle.burstLimit;
    this.#filledAt = now;
  }

  /** Whether there was a token for a request now. */
  take(now: number): boolean {
    const { rateLimit, burstLimit } = this.#throttle;
    const added = ((now - this.#filledAt) / 1000) * rateLimit;
    this.#tokens = Math.min(burstLimit, this.#tokens + added);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
