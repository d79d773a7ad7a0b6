import type { LineRow } from "./rows.ts";

/** Corners with a smaller rotation belong to an upright box around the text, whatever the text's direction. */
const upright = 0.01;

/**
 * The direction of most rows' text, in degrees counter-clockwise from the x axis, from -180 up to 180; undefined if no
 * row has one. It is the median of the rows of the most frequent quarter turn, so that outliers do not matter.
 */
export function textDirection(rows: readonly LineRow[]): number | undefined {
  const text = rows.filter((row) => !row.is_noise);
  const told = (text.length > 0 ? text : rows).flatMap((row) => rowDirection(row) ?? []);
  const byTurn = Map.groupBy(told, quarterTurns);
  const [most] = [...byTurn].sort(([a, one], [b, other]) => other.length - one.length || a - b);
  if (most === undefined) return undefined;
  const [turn, alike] = most;
  return normal(90 * turn + median(alike.map((degrees) => turnedBack(degrees, 90 * turn))));
}

/**
 * The direction of a row. Its angle gives the reading direction; its corners give the skew more precisely, because they
 * are fractions of the image like the box.
 */
export function rowDirection(row: LineRow): number | undefined {
  const angle = row.angle_degrees;
  const corners = cornersDirection(row);
  if (angle === undefined || !Number.isFinite(angle)) return corners;
  if (corners === undefined || Math.abs(turnedBack(corners, 90 * quarterTurns(corners))) < upright)
    return normal(angle);
  return Math.abs(turnedBack(corners, angle)) < 45 ? corners : normal(angle);
}

/** The direction from the top left to the top right corner; undefined if the corners are not a pure rotation. */
function cornersDirection({ top_left, top_right, bottom_left }: LineRow): number | undefined {
  if (top_left === undefined || top_right === undefined || bottom_left === undefined) return undefined;
  const along = { x: top_right.x - top_left.x, y: top_right.y - top_left.y };
  const up = { x: top_left.x - bottom_left.x, y: top_left.y - bottom_left.y };
  const isMirrored = along.x * up.y - along.y * up.x <= 0;
  return isMirrored ? undefined : (Math.atan2(along.y, along.x) * 180) / Math.PI;
}

/** The nearest quarter turn of a direction: 0 upright, 1 read upwards, 2 upside down, 3 read downwards. */
export function quarterTurns(degrees: number): 0 | 1 | 2 | 3 {
  return (((Math.round(degrees / 90) % 4) + 4) % 4) as 0 | 1 | 2 | 3;
}

/** The difference of two directions, from -180 up to 180. */
export function turnedBack(degrees: number, by: number): number {
  return normal(degrees - by);
}

function normal(degrees: number): number {
  const turned = ((degrees % 360) + 360) % 360;
  return turned >= 180 ? turned - 360 : turned;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
