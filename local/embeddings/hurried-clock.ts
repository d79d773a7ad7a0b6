/** The time of a local service, which a test can turn forward. */
export class HurriedClock {
  #aheadMs = 0;

  /** Epoch milliseconds. */
  now(): number {
    return Date.now() + this.#aheadMs;
  }

  /** Epoch seconds, as OpenAI's API has them. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  hurry(seconds: number): void {
    this.#aheadMs += seconds * 1000;
  }
}
