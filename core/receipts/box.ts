import type { LineRow } from "./rows.ts";

export type Box = LineRow["bounding_box"];

/** Any row of OCR output: a box with its left and bottom edge; y grows upwards. */
type Boxed = Pick<LineRow, "bounding_box">;

export function top({ bounding_box: box }: Boxed): number {
  return box.y + box.height;
}

export function centreX({ bounding_box: box }: Boxed): number {
  return box.x + box.width / 2;
}

export function centreY({ bounding_box: box }: Boxed): number {
  return box.y + box.height / 2;
}

/** Whether two boxes overlap vertically; touching edges count. */
export function sameHeight(a: Boxed, b: Boxed): boolean {
  return a.bounding_box.y <= top(b) && b.bounding_box.y <= top(a);
}

/** Whether the centre of one row lies within the vertical extent of another; edges count. */
export function isLevelWith(a: Boxed, { bounding_box: { y, height } }: Boxed): boolean {
  const centre = centreY(a);
  return centre >= y && centre <= y + height;
}

/** Whether one row is above the other: neither is level with the other. */
export function isStacked(a: Boxed, b: Boxed): boolean {
  return !isLevelWith(a, b) && !isLevelWith(b, a);
}
