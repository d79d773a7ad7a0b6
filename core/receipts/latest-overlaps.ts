/** A closed range on one axis. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

/** Positions, the latest first; at most two. */
type LatestTwo = readonly number[];
const none: LatestTwo = [];

/**
 * For each span the last two earlier spans that intersect it, the nearest first; touching ends count. O(n log n) for
 * any spans: two spans intersect if the earlier one contains the low end of the later one, or the later one contains
 * the low end of the earlier one.
 */
export function latestOverlaps(spans: readonly Span[]): LatestTwo[] {
  const ends = [...new Set(spans.flatMap(({ low, high }) => [low, high]))].sort((a, b) => a - b);
  const rank = new Map(ends.map((end, position) => [end, position]));
  const holding = new LatestTree(ends.length);
  const beginning = new LatestTree(ends.length);
  return spans.map(({ low, high }, position) => {
    const [from, to] = [rank.get(low) ?? 0, rank.get(high) ?? 0];
    const found = laterTwo(holding.covering(from), beginning.within(from + 1, to));
    holding.cover(from, to, position);
    beginning.put(from, position);
    return found;
  });
}

/** A segment tree of positions, by place or by range, that returns the latest two. Positions only grow. */
class LatestTree {
  readonly #size: number;
  readonly #nodes: LatestTwo[];

  constructor(places: number) {
    this.#size = Math.max(1, places);
    this.#nodes = new Array<LatestTwo>(2 * this.#size).fill(none);
  }

  /** Adds a position over a range of places. */
  cover(from: number, to: number, position: number): void {
    for (const node of this.#nodesOf(from, to)) this.#add(node, position);
  }

  /** The latest positions that cover a place. */
  covering(place: number): LatestTwo {
    let found = none;
    for (let node = place + this.#size; node > 0; node >>= 1)
      found = laterTwo(found, this.#nodes[node] ?? none);
    return found;
  }

  put(place: number, position: number): void {
    for (let node = place + this.#size; node > 0; node >>= 1) this.#add(node, position);
  }

  /** The latest positions at places of a range, which may be empty. */
  within(from: number, to: number): LatestTwo {
    let found = none;
    for (const node of this.#nodesOf(from, to)) found = laterTwo(found, this.#nodes[node] ?? none);
    return found;
  }

  #add(node: number, position: number): void {
    this.#nodes[node] = [position, ...(this.#nodes[node] ?? none).slice(0, 1)];
  }

  /** The minimal set of nodes that covers a range. */
  *#nodesOf(from: number, to: number): Generator<number> {
    let [left, right] = [from + this.#size, to + 1 + this.#size];
    for (; left < right; left >>= 1, right >>= 1) {
      if (left & 1) yield left++;
      if (right & 1) yield --right;
    }
  }
}

function laterTwo(one: LatestTwo, other: LatestTwo): LatestTwo {
  if (one.length === 0) return other;
  if (other.length === 0) return one;
  return [...one, ...other].sort((a, b) => b - a).slice(0, 2);
}
