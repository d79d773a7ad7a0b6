import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { inParallel } from "../../core/resilience/in-parallel.ts";
import type { BenchStack } from "../bench-stack.ts";
import type { Surroundings } from "../surroundings.ts";
import { type CycleTotals, cycleLines, cycleTotals } from "./cycle-log.ts";
import { type LabelChange, labelChanges } from "./label-changes.ts";
import type { ChangesOptions } from "./options.ts";
import { expectedWords } from "./published-words.ts";
import { stackWithReceipts } from "./stack-with-receipts.ts";
import { untilShown } from "./until-shown.ts";
import { wordReceipts } from "./word-receipts.ts";

const putsAtOnce = 32;

export interface ChangesOutcome extends CycleTotals {
  readonly changes: number;
  readonly receipts: number;
  /** From the first put to the last one's answer. */
  readonly putSeconds: number;
  /** From there until a generation was published that shows every change. */
  readonly shownAfter: number;
  /** From there until no message was left either. */
  readonly settledAfter: number;
}

/** Sends the receipts through the deployed local stack, then changes labels. Throws StoredWronglyError and ChangesLostError. */
export async function measureChanges(
  options: ChangesOptions,
  surroundings: Surroundings,
): Promise<ChangesOutcome> {
  const receipts = wordReceipts(options.receipts);
  const changes = labelChanges(receipts, options.changes);
  const stack = await stackWithReceipts(receipts, surroundings);
  try {
    const began = Date.now();
    await putLabels(stack, changes);
    const put = Date.now();
    const { publishedAt, settledAt } = await untilShown(stack, receipts, expectedWords(receipts, changes));
    return {
      ...cycleTotals(await cycleLines(stack, began)),
      changes: changes.length,
      receipts: receipts.length,
      putSeconds: (put - began) / 1_000,
      shownAfter: (publishedAt - put) / 1_000,
      settledAfter: (settledAt - put) / 1_000,
    };
  } finally {
    await stack.stop();
  }
}

async function putLabels({ dynamo, outputs }: BenchStack, changes: readonly LabelChange[]): Promise<void> {
  await inParallel(changes, putsAtOnce, async ({ item }) => {
    await dynamo.send(new PutCommand({ TableName: outputs.receiptsTable, Item: item }));
  });
}
