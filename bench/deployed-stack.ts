import { join } from "node:path";
import { planLines } from "../core/receipts/planned-vectors.ts";
import { publishedIds } from "../local/start/published-ids.ts";
import { BenchStack } from "./bench-stack.ts";
import { writeReceipts } from "./receipt-files.ts";
import { type BenchReceipt, benchReceipts } from "./receipts.ts";
import { StoredWronglyError } from "./stored-wrongly-error.ts";
import type { Surroundings } from "./surroundings.ts";

export interface StackOutcome {
  /** From the first upload until every vector was published. Merchants may still be looked up then. */
  readonly seconds: number;
  /** Of these, until every receipt's deltas were in S3. */
  readonly embedSeconds: number;
}

/** Sends as many lines through the deployed local stack. Throws StoredWronglyError. */
export async function measureStack(records: number, surroundings: Surroundings): Promise<StackOutcome> {
  const receipts = benchReceipts(records);
  const folders = await writeReceipts(receipts, join(surroundings.folder, "receipts"));
  const stack = await BenchStack.start(surroundings);
  try {
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1_000;
    await stack.send(folders);
    let embedSeconds: number | undefined;
    let publishedSeconds: number | undefined;
    for await (const { embedded, collections } of stack.looksUntilPublished(folders.length)) {
      const { lines, words } = collections;
      if (embedded === folders.length) embedSeconds ??= seconds();
      if (Math.min(lines.completed, words.completed) === folders.length) publishedSeconds ??= seconds();
    }
    await check(stack, receipts);
    return { seconds: publishedSeconds ?? seconds(), embedSeconds: embedSeconds ?? seconds() };
  } finally {
    await stack.stop();
  }
}

/** The published generation holds exactly the lines. */
async function check(stack: BenchStack, receipts: readonly BenchReceipt[]): Promise<void> {
  const head = await stack.head("lines");
  if (!head) throw new StoredWronglyError("nothing is published");
  const published = new Set(await publishedIds(stack.files, "lines", head.name));
  const expected = receipts.flatMap(({ lines, words }) => planLines(lines, words));
  const missing = expected.filter(({ id }) => !published.has(id));
  if (missing.length > 0 || published.size !== expected.length) {
    throw new StoredWronglyError(`${published.size} vectors of ${expected.length} are published`);
  }
}
