/** A queue in which every requester gets its turn: one item of each, round and round. */
export class FairQueue<Item> {
  readonly #waiting = new Map<symbol, Item[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A requester's place in the round. */
  newTurns(): symbol {
    return Symbol("turns");
  }

  push(turns: symbol, item: Item): void {
    const items = this.#waiting.get(turns);
    if (items === undefined) this.#waiting.set(turns, [item]);
    else items.push(item);
    this.#size += 1;
  }

  shift(): Item | undefined {
    const next = this.#waiting.entries().next();
    if (next.done) return undefined;
    const [turns, items] = next.value;
    const item = items.shift();
    this.#waiting.delete(turns);
    if (items.length > 0) this.#waiting.set(turns, items);
    this.#size -= 1;
    return item;
  }

  /** Removes and returns all items. */
  drain(): Item[] {
    const all = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    this.#size = 0;
    return all;
  }
}
