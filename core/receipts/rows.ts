import * as z from "zod";

/**
 * OCR engines report boxes beyond the edge of the image, by rounding or extrapolation; these are accepted (F30). Values
 * farther out are not fractions of the image, but for example pixels.
 */
const reach = 0.5;

/** A fraction of the image's width or height. */
const share = (min: number, max: number) =>
  z.number().refine((value) => value >= min && value <= max, {
    error: ({ input }) => `is ${input}; must be a fraction of the image's width or height, from 0 to 1`,
  });

/** y = 0 is the bottom. */
const coordinate = share(-reach, 1 + reach);
const extent = share(0, 1 + 2 * reach);

/** `x` and `y` are the left and the bottom edge. */
const boundingBox = z.object({ x: coordinate, y: coordinate, width: extent, height: extent });

/** Corners and angles are only hints for the direction of the text; invalid ones are ignored. */
const corner = z.object({ x: z.number(), y: z.number() }).optional().catch(undefined);
const angle = z.number().optional().catch(undefined);

export const imageId = z.guid("not a UUID");
export const receiptNumber = z.int().min(1);
export const rowNumber = z.int().min(0);

/** Fields of the format that are unused and not validated. */
const unused = {
  angle_radians: z.unknown().optional(),
  embedding_status: z.unknown().optional(),
};

/**
 * The fields that ids, texts and metadata use. Only in these are values rejected that JSON parsing would change
 * silently.
 */
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

/** An OCR line of `lines.ndjson`. Unknown fields are dropped. */
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
  /** Counter-clockwise from the x axis, the direction of upright text. */
  angle_degrees: angle,
  confidence: z.number(),
  is_noise: z.boolean(),
  /** What OCR took the word for; read by extracted-facts.ts. */
  extracted_data: z.unknown().optional(),
  ...unused,
});

/** An OCR word of `words.ndjson`. Its `word_id` is unique within its line. */
export const wordRow = lineRow.extend({ word_id: rowNumber });

export type LineRow = z.infer<typeof lineRow>;
export type WordRow = z.infer<typeof wordRow>;

/** Sorts lines by line_id, and words by line_id and word_id, independently of the file's order. */
export function byNumber(a: LineRow | WordRow, b: LineRow | WordRow): number {
  return a.line_id - b.line_id || wordNumber(a) - wordNumber(b);
}

/** The word_id of a word; -1 for a line, so that it sorts before its words. */
export function wordNumber(row: LineRow | WordRow): number {
  return "word_id" in row ? row.word_id : -1;
}
