import * as z from "zod";

/**
 * OCR engines report boxes that reach over the edge of the image, by rounding or by guessing what is cut off: they are
 * kept as they are (F30). What lies farther out is no share of the image, but pixels, say.
 */
const reach = 0.5;

/** A share of the image's width or height. */
const share = (min: number, max: number) =>
  z.number().refine((value) => value >= min && value <= max, {
    error: ({ input }) => `is ${input}; it is a share of the image's width or height, from 0 to 1`,
  });

/** y = 0 is the bottom. */
const coordinate = share(-reach, 1 + reach);
const extent = share(0, 1 + 2 * reach);

/** `x` and `y` are the left and the bottom edge. */
const boundingBox = z.object({ x: coordinate, y: coordinate, width: extent, height: extent });

/** Corners and angles only hint at the direction of the text: one that is none counts as absent. */
const corner = z.object({ x: z.number(), y: z.number() }).optional().catch(undefined);
const angle = z.number().optional().catch(undefined);

export const imageId = z.guid("not a UUID");
export const receiptNumber = z.int().min(1);
export const rowNumber = z.int().min(0);

/** Fields of the format that nothing here uses: they are not checked. */
const unused = {
  angle_radians: z.unknown().optional(),
  embedding_status: z.unknown().optional(),
  extracted_data: z.unknown().optional(),
};

/** What of a row goes into ids, texts and metadata. A value that JSON changes in silence is refused in these alone. */
export const usedFields: ReadonlySet<string> = new Set([
  "image_id",
  "receipt_id",
  "line_id",
  "word_id",
  "text",
  "bounding_box",
  "confidence",
  "is_noise",
]);

/** One OCR line, as `lines.ndjson` holds it. Fields that are not named here are dropped. */
export const lineRow = z.object({
  image_id: imageId,
  receipt_id: receiptNumber,
  line_id: rowNumber,
  text: z.string(),
  bounding_box: boundingBox,
  top_left: corner,
  top_right: corner,
  bottom_left: corner,
  bottom_right: corner,
  /** Counter-clockwise from the direction of x, in which upright text runs. */
  angle_degrees: angle,
  confidence: z.number(),
  is_noise: z.boolean(),
  ...unused,
});

/** One OCR word, as `words.ndjson` holds it. Its `word_id` is unique within its line. */
export const wordRow = lineRow.extend({ word_id: rowNumber });

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
