import { type Box, centreX, centreY } from "./box.ts";
import type { LineRow } from "./rows.ts";
import { quarterTurns, rowDirection, turnedBack } from "./text-direction.ts";

/** A smaller skew is ignored: rows stay level over the width of a page. */
const straight = 0.25;
/** Corners with a different skew do not give the size of the box. */
const similar = 3;

type Point = { readonly x: number; readonly y: number };

/**
 * The rows after rotating the image so that their text runs from left to right, in the given order; unchanged for an
 * upright receipt. Only boxes are rotated, because nothing else is used afterwards.
 */
export function uprightRows<Row extends LineRow>(
  rows: readonly Row[],
  direction: number | undefined,
): readonly Row[] {
  if (direction === undefined) return rows;
  const turns = quarterTurns(direction);
  const lean = turnedBack(direction, 90 * turns);
  const leans = Math.abs(lean) > straight;
  if (turns === 0 && !leans) return rows;
  return rows.map((row) => {
    const box = turnedBox(row.bounding_box, turns);
    return { ...row, bounding_box: rounded(leans ? levelBox(row, box, direction, turns, lean) : box) };
  });
}

/** Rounds, so that equal heights and x stay equal after the rotation. */
function rounded({ x, y, width, height }: Box): Box {
  const round = (value: number) => Math.round(value * 1e9) / 1e9;
  return { x: round(x), y: round(y), width: round(width), height: round(height) };
}

/** Rotates by quarter turns, exactly: a sideways receipt gives the same rows as an upright one. */
function turnedBox({ x, y, width, height }: Box, turns: 0 | 1 | 2 | 3): Box {
  if (turns === 0) return { x, y, width, height };
  if (turns === 2) return { x: 1 - x - width, y: 1 - y - height, width, height };
  const turned = { width: height, height: width };
  return turns === 1 ? { x: y, y: 1 - x - width, ...turned } : { x: 1 - y - height, y: x, ...turned };
}

function turnedPoint(point: Point, turns: 0 | 1 | 2 | 3): Point {
  const { x, y } = turnedBox({ ...point, width: 0, height: 0 }, turns);
  return { x, y };
}

/** The box of the text without its skew; the bounding box of skewed text is higher. */
function levelBox(row: LineRow, box: Box, direction: number, turns: 0 | 1 | 2 | 3, lean: number): Box {
  const corners = ownCorners(row, direction);
  if (corners !== undefined)
    return around(corners.map((corner) => levelled(turnedPoint(corner, turns), lean)));
  const { x, y } = levelled({ x: centreX({ bounding_box: box }), y: centreY({ bounding_box: box }) }, lean);
  const { width, height } = levelSize(box, lean);
  return { x: x - width / 2, y: y - height / 2, width, height };
}

/** The corners of the text itself, if given, not of its bounding box. */
function ownCorners(row: LineRow, direction: number): Point[] | undefined {
  const { top_left, top_right, bottom_left, bottom_right } = row;
  const corners = [top_left, top_right, bottom_left, bottom_right].filter((corner) => corner !== undefined);
  if (corners.length < 4) return undefined;
  const own = rowDirection({ ...row, angle_degrees: undefined });
  return own !== undefined && Math.abs(turnedBack(own, direction)) < similar ? corners : undefined;
}

function around(points: readonly Point[]): Box {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** Rotates about the centre of the image. */
function levelled({ x, y }: Point, lean: number): Point {
  const [sine, cosine] = [Math.sin((-lean * Math.PI) / 180), Math.cos((lean * Math.PI) / 180)];
  const [right, up] = [x - 0.5, y - 0.5];
  return { x: 0.5 + right * cosine - up * sine, y: 0.5 + right * sine + up * cosine };
}

/**
 * The size of a text from that of the box around it: `W = w cos + h sin`, `H = w sin + h cos`. If that has no solution,
 * the box was the text's own.
 */
function levelSize(
  { width, height }: Box,
  lean: number,
): { readonly width: number; readonly height: number } {
  const [sine, cosine] = [Math.abs(Math.sin((lean * Math.PI) / 180)), Math.cos((lean * Math.PI) / 180)];
  const scale = cosine ** 2 - sine ** 2;
  const level = {
    width: (width * cosine - height * sine) / scale,
    height: (height * cosine - width * sine) / scale,
  };
  return scale > 0.1 && level.width > 0 && level.height > 0 ? level : { width, height };
}
