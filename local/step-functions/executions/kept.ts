/** Things by ARN. Those released are forgotten, oldest first, when there are too many. */
export class Kept<T> {
  readonly #most: number;
  readonly #byArn = new Map<string, T>();
  readonly #released = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  add(arn: string, thing: T): void {
    this.#byArn.set(arn, thing);
  }

  /** It may be forgotten from now on. */
  release(arn: string): void {
    this.#released.add(arn);
    for (const oldest of this.#released) {
      if (this.#released.size <= this.#most) return;
      this.#released.delete(oldest);
      this.#byArn.delete(oldest);
    }
  }

  find(arn: string): T | undefined {
    return this.#byArn.get(arn);
  }

  newestFirst(): T[] {
    return [...this.#byArn.values()].reverse();
  }
}
