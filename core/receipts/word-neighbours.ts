import { centreX, centreY, sameHeight, top } from "./box.ts";
import { latestOverlaps } from "./latest-overlaps.ts";
import { byNumber, type WordRow } from "./rows.ts";

export const slots = 2;
const nearbyHeight = 0.05;
const nearbyWidth = 0.25;

/** Up to two neighbouring words per side, the best first. */
export interface Neighbours<Word> {
  readonly left: readonly Word[];
  readonly right: readonly Word[];
}

/**
 * First the words at the same height on a side, by x; if there are fewer than two, words slightly above or below,
 * nearest first. Words in `apart` are no neighbours, and their own box is reduced to its centre.
 */
export function wordNeighbours<Word extends WordRow>(
  words: readonly Word[],
  apart: ReadonlySet<Word>,
): Map<Word, Neighbours<Word>> {
  const byX = words.filter((word) => !apart.has(word)).sort(fromLeft);
  const spans = byX.map((word) => ({ low: word.bounding_box.y, high: top(word) }));
  const before = latestOverlaps(spans);
  const behind = latestOverlaps(spans.toReversed()).reverse();
  const last = byX.length - 1;
  const nearby = new NearbyWords(byX);
  const sideOf = (word: Word, step: -1 | 1, level: readonly Word[]) =>
    level.length < slots ? [...level, ...nearby.of(word, step, slots - level.length)] : level;

  const neighbours = new Map<Word, Neighbours<Word>>();
  byX.forEach((word, index) => {
    const left = (before[index] ?? []).flatMap((at) => byX[at] ?? []);
    const right = (behind[index] ?? []).flatMap((at) => byX[last - at] ?? []);
    neighbours.set(word, { left: sideOf(word, -1, left), right: sideOf(word, 1, right) });
  });
  for (const word of apart) {
    const point = { ...word, bounding_box: { x: centreX(word), y: centreY(word), width: 0, height: 0 } };
    neighbours.set(word, { left: nearby.of(point, -1, slots), right: nearby.of(point, 1, slots) });
  }
  return neighbours;
}

function fromLeft(a: WordRow, b: WordRow): number {
  return centreX(a) - centreX(b) || byNumber(a, b);
}

/** Words sorted by the height of their centres, so that the nearest are checked first. */
class NearbyWords<Word extends WordRow> {
  readonly #rising: readonly Word[];
  readonly #heights: readonly number[];
  readonly #byX: readonly number[];

  constructor(byX: readonly Word[]) {
    this.#rising = [...byX].sort((a, b) => centreY(a) - centreY(b));
    this.#heights = this.#rising.map(centreY);
    this.#byX = byX.map(centreX);
  }

  /** Words slightly above or below on one side, nearest first by vertical, then horizontal distance. */
  of(word: WordRow, side: -1 | 1, wanted: number): Word[] {
    if (!this.#isAnyone(word, side)) return [];
    const found: Word[] = [];
    for (const other of this.#outwards(centreY(word))) {
      const last = found[wanted - 1];
      if (distanceY(word, other) > (last === undefined ? nearbyHeight : distanceY(word, last))) break;
      const right = side * (centreX(other) - centreX(word));
      if (right <= 0 || right > nearbyWidth || sameHeight(word, other)) continue;
      found.push(other);
      found.sort((a, b) => nearer(word, a, b));
      found.length = Math.min(found.length, wanted);
    }
    return found;
  }

  /** Whether a side has any word near enough. */
  #isAnyone(word: WordRow, side: -1 | 1): boolean {
    const centre = centreX(word);
    const next = side > 0 ? firstAbove(this.#byX, centre) : firstAtLeast(this.#byX, centre) - 1;
    const found = this.#byX[next];
    return found !== undefined && Math.abs(found - centre) <= nearbyWidth;
  }

  /** All words, from the nearest height to the farthest. */
  *#outwards(height: number): Generator<Word> {
    let above = firstAtLeast(this.#heights, height);
    let below = above - 1;
    for (;;) {
      const [up, down] = [this.#rising[above], this.#rising[below]];
      if (up === undefined && down === undefined) return;
      const isUp = down === undefined || (up !== undefined && centreY(up) - height <= height - centreY(down));
      if (isUp && up !== undefined) above += 1;
      else below -= 1;
      const next = isUp ? up : down;
      if (next !== undefined) yield next;
    }
  }
}

function nearer(word: WordRow, a: WordRow, b: WordRow): number {
  return distanceY(word, a) - distanceY(word, b) || distanceX(word, a) - distanceX(word, b) || byNumber(a, b);
}

function distanceX(a: WordRow, b: WordRow): number {
  return Math.abs(centreX(a) - centreX(b));
}

function distanceY(a: WordRow, b: WordRow): number {
  return Math.abs(centreY(a) - centreY(b));
}

/** The first position of ascending numbers with at least the given number. */
function firstAtLeast(rising: readonly number[], number: number): number {
  return firstWhere(rising, (value) => value >= number);
}

function firstAbove(rising: readonly number[], number: number): number {
  return firstWhere(rising, (value) => value > number);
}

/** Binary search for the first value that passes; all later ones pass too. */
function firstWhere(rising: readonly number[], passes: (value: number) => boolean): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(rising[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}
