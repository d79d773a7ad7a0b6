import type { LineRow } from "./rows.ts";

/** Any row of OCR output: it has a box with its left and bottom edge, and y grows upwards. */
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

/** Whether two boxes have a height in common; touching edges count. */
export function sameHeight(a: Boxed, b: Boxed): boolean {
  return a.bounding_box.y <= top(b) && b.bounding_box.y <= top(a);
}
