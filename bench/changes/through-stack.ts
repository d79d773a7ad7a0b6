import { BatchWriteCommand } from "@aws-sdk/lib-dynamodb";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { inParallel } from "../../core/resilience/in-parallel.ts";
import { sendAll } from "../../core/resilience/unprocessed.ts";
import type { BenchStack } from "../bench-stack.ts";
import type { Surroundings } from "../surroundings.ts";
import { type CycleTotals, cycleLines, cycleTotals } from "./cycle-log.ts";
import { type LabelChange, type LabelItem, labelChanges } from "./label-changes.ts";
import type { ChangesOptions } from "./options.ts";
import { expectedWords } from "./published-words.ts";
import { stackWithReceipts } from "./stack-with-receipts.ts";
import { untilShown } from "./until-shown.ts";
import { wordReceipts } from "./word-receipts.ts";

/** What writes shares the processors with the stack: as many calls as labels would be most of what is measured. */
const putsPerCall = 25;
const callsAtOnce = 8;

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
  const table = outputs.receiptsTable;
  const send = async (some: readonly LabelItem[]) => {
    const puts = some.map((Item) => ({ PutRequest: { Item } }));
    const { UnprocessedItems } = await dynamo.send(
      new BatchWriteCommand({ RequestItems: { [table]: puts } }),
    );
    return (UnprocessedItems?.[table] ?? []).map(({ PutRequest }) => PutRequest?.Item as LabelItem);
  };
  const calls = Math.ceil(changes.length / putsPerCall);
  await inParallel(Array(calls).keys(), callsAtOnce, (call) => {
    const some = changes.slice(call * putsPerCall, (call + 1) * putsPerCall).map(({ item }) => item);
    return sendAll(some, { perCall: putsPerCall, send, clock: monotonicClock });
  });
}
