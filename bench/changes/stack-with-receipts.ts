import { join } from "node:path";
import type { ReceiptFolder } from "../../core/ingest/export-folder.ts";
import { planLines, planWords } from "../../core/receipts/planned-vectors.ts";
import { BenchStack } from "../bench-stack.ts";
import { warmUp } from "../embeddings.ts";
import { writeReceipts } from "../receipt-files.ts";
import type { BenchReceipt } from "../receipts.ts";
import type { Surroundings } from "../surroundings.ts";

/** A running stack with these changes to its configuration, in which these receipts are published. */
export async function stackWithReceipts(
  receipts: readonly BenchReceipt[],
  surroundings: Surroundings,
  config: Readonly<Record<string, string>> = {},
): Promise<BenchStack> {
  const folders = await preparedReceipts(receipts, surroundings, "receipts");
  const stack = await BenchStack.start(surroundings, config);
  try {
    await stack.send(folders);
    for await (const _look of stack.looksUntilPublished(folders.length));
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** Files of the receipts in a folder of this name, of whose texts the endpoint has the vectors. */
export async function preparedReceipts(
  receipts: readonly BenchReceipt[],
  { embeddingsUrl, folder }: Surroundings,
  name: string,
): Promise<ReceiptFolder[]> {
  const vectors = receipts.flatMap(({ lines, words }) => [...planLines(lines, words), ...planWords(words)]);
  await warmUp(
    embeddingsUrl,
    vectors.map(({ text }) => text),
  );
  return writeReceipts(receipts, join(folder, name));
}
