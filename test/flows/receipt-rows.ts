import { randomUUID } from "node:crypto";
import type { OcrFiles } from "../../core/ingest/export-receipt.ts";

const lineHeight = 0.02;
const lineStep = 0.03;

/** The rows of a receipt with these lines from top to bottom, as an OCR would write them. */
export function ocrRows(lines: readonly string[], imageId: string = randomUUID(), receiptId = 1) {
  const frame = { image_id: imageId, receipt_id: receiptId };
  return {
    imageId,
    receiptId,
    lines: lines.map((text, index) => ({
      ...frame,
      line_id: index + 1,
      text,
      ...box(0.1, index, 0.01 * Math.max(1, text.length)),
    })),
    words: lines.flatMap((line, index) =>
      line
        .split(" ")
        .filter((text) => text !== "")
        .map((text, position) => ({
          ...frame,
          line_id: index + 1,
          word_id: position + 1,
          text,
          extracted_data: null,
          ...box(0.1 + 0.1 * position, index, 0.01 * text.length),
        })),
    ),
  };
}

/** The same as the two NDJSON files that a producer uploads. */
export function ocrFiles(lines: readonly string[], imageId?: string): OcrFiles {
  const rows = ocrRows(lines, imageId);
  return { ...rows, lines: ndjson(rows.lines), words: ndjson(rows.words) };
}

export function ndjson(rows: readonly object[]): Buffer {
  return Buffer.from(rows.map((row) => JSON.stringify(row)).join("\n"));
}

function box(x: number, line: number, width: number) {
  const bottom = 0.95 - line * lineStep;
  const [left, right, top] = [x, x + width, bottom + lineHeight];
  return {
    bounding_box: { x: left, y: bottom, width, height: lineHeight },
    top_left: { x: left, y: top },
    top_right: { x: right, y: top },
    bottom_left: { x: left, y: bottom },
    bottom_right: { x: right, y: bottom },
    angle_degrees: 0,
    angle_radians: 0,
    confidence: 0.98,
    embedding_status: "NONE",
    is_noise: false,
  };
}
