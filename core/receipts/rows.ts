import { z } from "zod";

/** Corners are sums of rounded numbers, so a last digit may stand outside 0..1. */
const rounding = 1e-6;

/** A share of the image's width or height; y = 0 is the bottom. */
const coordinate = z
  .number()
  .min(-rounding)
  .max(1 + rounding);

const point = z.object({ x: coordinate, y: coordinate });

/** `x` and `y` are the left and the bottom edge. */
const boundingBox = z.object({ x: coordinate, y: coordinate, width: coordinate, height: coordinate });

export const imageId = z.guid("not a UUID");
export const receiptNumber = z.int().min(1);
export const rowNumber = z.int().min(0);

/** One OCR line, as `lines.ndjson` holds it. Unknown fields are dropped. */
export const lineRow = z.object({
  image_id: imageId,
  receipt_id: receiptNumber,
  line_id: rowNumber,
  text: z.string(),
  bounding_box: boundingBox,
  top_left: point,
  top_right: point,
  bottom_left: point,
  bottom_right: point,
  angle_degrees: z.number(),
  angle_radians: z.number(),
  confidence: z.number(),
  embedding_status: z.string(),
  is_noise: z.boolean(),
});

/** One OCR word, as `words.ndjson` holds it. Its `word_id` is unique within its line. */
export const wordRow = lineRow.extend({
  word_id: rowNumber,
  extracted_data: z.object({ type: z.string(), value: z.string() }).nullish(),
});

export type LineRow = z.infer<typeof lineRow>;
export type WordRow = z.infer<typeof wordRow>;

/** Lines by line_id, words by line_id and word_id: an order that does not depend on the file's. */
export function byNumber(a: LineRow | WordRow, b: LineRow | WordRow): number {
  return a.line_id - b.line_id || wordNumber(a) - wordNumber(b);
}

/** The word_id of a word; -1 for a line, which comes before its words. */
export function wordNumber(row: LineRow | WordRow): number {
  return "word_id" in row ? row.word_id : -1;
}
