import type { LineRow, WordRow } from "../../../core/receipts/rows.ts";

export const image = "7f0c1a52-3d5e-4b8a-9c11-2f6e8d4b9a01";
export const receipt = { imageId: image, receiptId: 1 };

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A line whose box is all that a test usually cares about. */
export function line(lineId: number, text: string, box: Box, changes: Partial<LineRow> = {}): LineRow {
  const { x, y, width, height } = box;
  return {
    image_id: image,
    receipt_id: 1,
    line_id: lineId,
    text,
    bounding_box: box,
    top_left: { x, y: y + height },
    top_right: { x: x + width, y: y + height },
    bottom_left: { x, y },
    bottom_right: { x: x + width, y },
    angle_degrees: 0,
    angle_radians: 0,
    confidence: 0.9,
    embedding_status: "NONE",
    is_noise: false,
    ...changes,
  };
}

export function word(
  lineId: number,
  wordId: number,
  text: string,
  box: Box,
  changes: Partial<WordRow> = {},
): WordRow {
  return { ...line(lineId, text, box), word_id: wordId, extracted_data: null, ...changes };
}

export function ndjsonOf(rows: readonly unknown[]): Buffer {
  return Buffer.from(rows.map((row) => JSON.stringify(row)).join("\n"));
}
