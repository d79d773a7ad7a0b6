import { join } from "node:path";
import { planLines, planWords } from "../../core/receipts/planned-vectors.ts";
import { BenchStack } from "../bench-stack.ts";
import { warmUp } from "../embeddings.ts";
import { writeReceipts } from "../receipt-files.ts";
import type { BenchReceipt } from "../receipts.ts";
import type { Surroundings } from "../surroundings.ts";

/** A running stack in which these receipts are published. */
export async function stackWithReceipts(
  receipts: readonly BenchReceipt[],
  surroundings: Surroundings,
): Promise<BenchStack> {
  const vectors = receipts.flatMap(({ lines, words }) => [...planLines(lines), ...planWords(words)]);
  await warmUp(
    surroundings.embeddingsUrl,
    vectors.map(({ text }) => text),
  );
  const folders = await writeReceipts(receipts, join(surroundings.folder, "receipts"));
  const stack = await BenchStack.start(surroundings);
  try {
    await stack.send(folders);
    for await (const _look of stack.looksUntilPublished(folders.length));
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
