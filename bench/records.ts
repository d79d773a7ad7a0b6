import type { LineMetadata } from "../core/receipts/vector-metadata.ts";
import { randomFrom } from "./random.ts";

/** What every contender stores: the text is embedded and is the document too. */
export interface BenchRecord {
  readonly id: string;
  readonly text: string;
  readonly metadata: LineMetadata;
}

const seed = 20_000;
const linesPerReceipt = 50;
const goods = ["oat milk", "rye bread", "green tea", "brown rice", "dish soap", "olive oil", "red lentils"];
const makers = ["HOUSE BRAND", "NORTHFIELD", "LA COLINA", "SUNRISE", "OLD MILL", "BLUE BAY"];
const units = ["1 l", "500 g", "250 ml", "2 x 100 g", "6 pc"];

/** Short texts, all different, laid out as receipts of fifty lines. The same count gives the same records. */
export function benchRecords(count: number): BenchRecord[] {
  const random = randomFrom(seed);
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? "";
  return Array.from({ length: count }, (_, number) => {
    const receipt = Math.floor(number / linesPerReceipt);
    const line = (number % linesPerReceipt) + 1;
    const price = (random() * 90 + 0.5).toFixed(2);
    const text = `${pick(makers)} ${pick(goods)} ${pick(units)} ${price} ref ${number}`;
    const image = `00000000-0000-4000-8000-${String(receipt).padStart(12, "0")}`;
    return {
      id: `IMAGE#${image}#RECEIPT#00001#LINE#${String(line).padStart(5, "0")}`,
      text,
      metadata: {
        image_id: image,
        receipt_id: 1,
        line_id: line,
        text,
        x: 0.5,
        y: 1 - line / 64,
        width: 0.6,
        height: 0.01,
        confidence: 0.95,
      },
    };
  });
}
