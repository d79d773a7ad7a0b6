export interface BatchLimits {
  readonly items: number;
  readonly bytes: number;
  readonly windowMilliseconds: number;
}

interface Sized {
  readonly bytes: number;
}

/** Gathers items into batches: one is due when it is full, or its window has passed since its first item. */
export class BatchWindow<Item extends Sized> {
  readonly #limits: BatchLimits;
  readonly #items: Item[] = [];
  #bytes = 0;
  #since = 0;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  get size(): number {
    return this.#items.length;
  }

  /** How many more items fit by number. */
  get room(): number {
    return Math.max(0, this.#limits.items - this.#items.length);
  }

  add(items: readonly Item[], now: number): void {
    if (this.#items.length === 0) this.#since = now;
    this.#items.push(...items);
    this.#bytes += items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** When the next batch is due, in the clock of `now`; undefined while there is nothing. */
  get dueAt(): number | undefined {
    if (this.#items.length === 0) return undefined;
    const full = this.#items.length >= this.#limits.items || this.#bytes >= this.#limits.bytes;
    return full ? this.#since : this.#since + this.#limits.windowMilliseconds;
  }

  /** The first items that fit in a batch, one at least. What is left starts a window of its own. */
  take(now: number): Item[] {
    let count = 0;
    let bytes = 0;
    for (const item of this.#items) {
      if (count === this.#limits.items || (count > 0 && bytes + item.bytes > this.#limits.bytes)) break;
      count += 1;
      bytes += item.bytes;
    }
    this.#bytes -= bytes;
    this.#since = now;
    return this.#items.splice(0, count);
  }
}
