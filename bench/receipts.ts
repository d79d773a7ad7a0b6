import type { ReceiptRef } from "../core/receipts/receipt.ts";
import type { LineRow, WordRow } from "../core/receipts/rows.ts";
import { randomFrom } from "./random.ts";

/** A made-up receipt: one line of text a visual row. */
export interface BenchReceipt extends ReceiptRef {
  readonly lines: readonly LineRow[];
  readonly words: readonly WordRow[];
}

const seed = 20_000;
const linesPerReceipt = 50;
/** Of the image: a power of two, so that no coordinate is rounded. */
const rowHeight = 1 / 64;

const makers = ["HOUSE BRAND", "NORTHFIELD", "LA COLINA", "SUNRISE", "OLD MILL", "BLUE BAY"];
const goods = ["oat milk", "rye bread", "green tea", "brown rice", "dish soap", "olive oil", "red lentils"];
const units = ["1 l", "500 g", "250 ml", "2 x 100 g", "6 pc"];

/** `count` lines in total, fifty per receipt, each with its own text; no words. The same count gives the same receipts. */
export function benchReceipts(lineCount: number): BenchReceipt[] {
  const random = randomFrom(seed);
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? "";
  return Array.from({ length: Math.ceil(lineCount / linesPerReceipt) }, (_, receipt) => {
    const imageId = imageOf(receipt);
    const first = receipt * linesPerReceipt;
    const lines = Array.from({ length: Math.min(linesPerReceipt, lineCount - first) }, (_, index) => {
      const price = (random() * 90 + 0.5).toFixed(2);
      const text = `${pick(makers)} ${pick(goods)} ${pick(units)} ${price} ref ${first + index}`;
      return lineRow(imageId, index + 1, text);
    });
    return { imageId, receiptId: 1, lines, words: [] };
  });
}

export function imageOf(receipt: number): string {
  return `00000000-0000-4000-8000-${String(receipt).padStart(12, "0")}`;
}

/** A line, or what stands between two shares of its width. */
export function lineRow(imageId: string, line: number, text: string, [from, to] = [0, 1]): LineRow {
  const box = {
    x: 0.25 + from * 0.5,
    y: 1 - line * rowHeight,
    width: (to - from) * 0.5,
    height: rowHeight / 2,
  };
  const [right, top] = [box.x + box.width, box.y + box.height];
  return {
    image_id: imageId,
    receipt_id: 1,
    line_id: line,
    text,
    bounding_box: box,
    top_left: { x: box.x, y: top },
    top_right: { x: right, y: top },
    bottom_left: { x: box.x, y: box.y },
    bottom_right: { x: right, y: box.y },
    angle_degrees: 0,
    angle_radians: 0,
    confidence: 1,
    embedding_status: "NONE",
    is_noise: false,
  };
}
