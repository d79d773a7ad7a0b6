import { planLines } from "../core/receipts/planned-vectors.ts";
import type { LineMetadata, WordMetadata } from "../core/receipts/vector-metadata.ts";
import { benchReceipts } from "./receipts.ts";

/** What every contender stores: the text is embedded and is the document too. */
export interface BenchRecord {
  readonly id: string;
  readonly text: string;
  readonly metadata: LineMetadata | WordMetadata;
}

/** The lines of the benchmark's receipts, each as its bare text. */
export function benchRecords(count: number): BenchRecord[] {
  return benchReceipts(count).flatMap(({ lines, words }) =>
    planLines(lines, words).map(({ id, document, metadata }) => ({ id, text: document, metadata })),
  );
}
