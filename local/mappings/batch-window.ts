export interface BatchLimits {
  readonly items: number;
  readonly bytes: number;
  readonly windowMilliseconds: number;
}

interface Sized {
  readonly bytes: number;
}

/** Collects items into batches. A batch is ready when it is full or when its window since its first item has passed. */
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

  /** The number of further items that fit. */
  get room(): number {
    return Math.max(0, this.#limits.items - this.#items.length);
  }

  add(items: readonly Item[], now: number): void {
    if (this.#items.length === 0) this.#since = now;
    this.#items.push(...items);
    this.#bytes += items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The time at which the next batch is ready, in the clock of `now`; undefined if there are no items. */
  get dueAt(): number | undefined {
    if (this.#items.length === 0) return undefined;
    const full = this.#items.length >= this.#limits.items || this.#bytes >= this.#limits.bytes;
    return full ? this.#since : this.#since + this.#limits.windowMilliseconds;
  }

  /** Removes and returns the first items that fit in a batch, at least one. The remaining items start a new window. */
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
