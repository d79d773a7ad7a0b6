import { centreY, top } from "./box.ts";
import type { LineRow } from "./rows.ts";

/**
 * Groups of lines at the same height, highest first, each from left to right (ties by line_id). Two lines are in a
 * group if the vertical centre of either lies inside the other's extent; transitively closed.
 */
export function tiedRows<Row extends LineRow>(lines: readonly Row[]): Row[][] {
  const falling = [...lines].sort((a, b) => centreY(b) - centreY(a) || a.line_id - b.line_id);
  const joined = joinedToNext(falling);
  const rows: Row[][] = [];
  let row: Row[] = [];
  falling.forEach((line, index) => {
    row.push(line);
    if (joined[index]) return;
    rows.push(row.sort(fromLeft));
    row = [];
  });
  return rows;
}

export function fromLeft(a: LineRow, b: LineRow): number {
  return a.bounding_box.x - b.bounding_box.x || a.line_id - b.line_id;
}

/**
 * Whether each line shares a row with the next lower one. Sorted by centre, the lines inside a line's extent are
 * contiguous, so rows are contiguous too.
 */
function joinedToNext(falling: readonly LineRow[]): boolean[] {
  const centres = falling.map(centreY);
  const steps = new Array<number>(falling.length + 1).fill(0);
  for (const line of falling) {
    const first = countAbove(centres, top(line), false);
    const last = countAbove(centres, line.bounding_box.y, true) - 1;
    steps[first] = (steps[first] ?? 0) + 1;
    steps[last] = (steps[last] ?? 0) - 1;
  }
  let ties = 0;
  return falling.map((_, index) => {
    ties += steps[index] ?? 0;
    return ties > 0;
  });
}

/** Number of descending centres above a height, or at it if `inclusive`. Binary search. */
function countAbove(falling: readonly number[], height: number, inclusive: boolean): number {
  let low = 0;
  let high = falling.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const centre = falling[middle] ?? 0;
    if (centre > height || (inclusive && centre === height)) low = middle + 1;
    else high = middle;
  }
  return low;
}
