import { centreX, centreY, isStacked, top } from "./box.ts";
import type { LineRow } from "./rows.ts";
import { rowDirection, turnedBack } from "./text-direction.ts";

/** A box that is this many times as high as most, and contains others, is not text. */
const coversFrom = 3;
/** A box that is this many times as high as most is not text, wherever it lies. */
const tooHigh = 8;
/** Rows rotated by more than this against the receipt are sideways, in degrees. */
const onItsSide = 45;
/** Maximum number of rows to check for containment, from above and from below. */
const lookedAt = 256;

/**
 * Rows that are not lines of text among the others: boxes that contain others or are as high as many of them, and
 * sideways text. Grouped by height, such a row would merge all others into one row (F42).
 */
export function rowsApart<Row extends LineRow>(
  rows: readonly Row[],
  direction: number | undefined,
): Set<Row> {
  const heights = rows.map(({ bounding_box: { height } }) => height).filter((height) => height > 0);
  const usual = heights.sort((a, b) => a - b)[heights.length >> 1] ?? 0;
  const rising = [...rows].sort((a, b) => centreY(a) - centreY(b));
  return new Set(rows.filter((row) => isCover(row, rising, usual) || isSideways(row, direction ?? 0)));
}

function isSideways(row: LineRow, direction: number): boolean {
  const { width, height } = row.bounding_box;
  const turned = Math.abs(turnedBack(rowDirection(row) ?? direction, direction));
  return turned > onItsSide && turned < 180 - onItsSide && height > 2 * width;
}

/** Whether a box contains two others, one above the other. */
function isCover(row: LineRow, rising: readonly LineRow[], usual: number): boolean {
  const { x, y, width, height } = row.bounding_box;
  if (height <= coversFrom * usual) return false;
  const isIn = (other: LineRow) =>
    other !== row && (height > tooHigh * usual || (centreX(other) >= x && centreX(other) <= x + width));
  const from = countBelow(rising, y);
  const to = countBelow(rising, top(row), true);
  const lowest = rising.slice(from, Math.min(to, from + lookedAt)).find(isIn);
  const highest = rising.slice(Math.max(from, to - lookedAt), to).findLast(isIn);
  return lowest !== undefined && highest !== undefined && isStacked(lowest, highest);
}

/** Number of centres of ascending rows below a height, or at it if `inclusive`. Binary search. */
function countBelow(rising: readonly LineRow[], height: number, inclusive = false): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rising[middle];
    const centre = row === undefined ? 0 : centreY(row);
    if (centre < height || (inclusive && centre === height)) low = middle + 1;
    else high = middle;
  }
  return low;
}
