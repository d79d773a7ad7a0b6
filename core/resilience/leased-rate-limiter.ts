import type { Clock } from "./clock.ts";
import { costInMs } from "./gcra.ts";
import type { RateLimiter } from "./rate-limiter.ts";

/** A lease is spent within this time. The limiter's burst has to be shorter by it, since a lease may be spent late. */
export const leaseMs = 5_000;
const maxLeasedRequests = 10;

export interface LeasedRateLimiterOptions {
  /** Its burst is shorter by `leaseMs`, as is that of all limiters of the account. */
  readonly limiter: RateLimiter;
  readonly requestsPerMinute: number;
  /** Tokens that a lease contains for each of its requests. */
  readonly tokensPerRequest: number;
  /** Epoch milliseconds. */
  readonly clock: Pick<Clock, "now">;
}

interface Lease {
  requests: number;
  tokens: number;
  readonly until: number;
}

/**
 * Books several requests at once while a process sends one after the other, so that most need no request to the shared
 * limiter. A process that pauses for longer than a lease books one, and wastes none. If there is no capacity for a
 * lease, each request is booked alone.
 */
export class LeasedRateLimiter implements RateLimiter {
  readonly #options: LeasedRateLimiterOptions;
  readonly #requests: number;
  #lease: Lease = { requests: 0, tokens: 0, until: 0 };
  #lastBooked = Number.NEGATIVE_INFINITY;

  constructor(options: LeasedRateLimiterOptions) {
    this.#options = options;
    const perLease = leaseMs / costInMs({ perMinute: options.requestsPerMinute, burstMs: 0 }, 1);
    // Half of what the rate allows within the time of a lease: another process finds capacity beside it.
    this.#requests = Math.min(maxLeasedRequests, Math.floor(perLease / 2));
  }

  async book(tokens: number, maxWait: number): Promise<number | undefined> {
    const { limiter, clock, tokensPerRequest } = this.#options;
    const now = clock.now();
    const isBusy = now - this.#lastBooked <= leaseMs;
    this.#lastBooked = now;
    if (this.#spend(tokens, now)) return 0;
    const leased = this.#requests * tokensPerRequest;
    if (isBusy && this.#requests > 1 && tokens <= leased) {
      const booked = await limiter.book(leased, 0, this.#requests);
      if (booked !== undefined) {
        this.#lease = { requests: this.#requests - 1, tokens: leased - tokens, until: now + leaseMs };
        return 0;
      }
    }
    return limiter.book(tokens, maxWait);
  }

  async giveBack(tokens: number): Promise<void> {
    if (this.#isOpen(this.#options.clock.now())) this.#lease.tokens += tokens;
    else await this.#options.limiter.giveBack(tokens);
  }

  #spend(tokens: number, now: number): boolean {
    if (!this.#isOpen(now) || this.#lease.tokens < tokens) return false;
    this.#lease.requests -= 1;
    this.#lease.tokens -= tokens;
    return true;
  }

  #isOpen(now: number): boolean {
    return this.#lease.requests > 0 && now < this.#lease.until;
  }
}
