import type { CurrentItems } from "../../entities/current-items.ts";
import { inParallel } from "../../in-parallel.ts";
import { fiveDigits, type ReceiptRef } from "../../receipts/receipt.ts";
import type { ShardName } from "../../receipts/shards.ts";
import type { CurrentRun, Removal } from "../../runs/current-run.ts";
import { recordRemovals } from "../../runs/record-removals.ts";
import type { RunStore } from "../../runs/run-store.ts";
import { LeaseLost } from "../lease/lease.ts";
import type { FailedMessages } from "../messages/failed-messages.ts";
import type { MessagesInFlight } from "../messages/messages-in-flight.ts";
import type { ReceiptWork, RunWork, StartedReceipt } from "../messages/receipt-work.ts";

const receiptsAtOnce = 16;

export interface StartPorts {
  readonly token: number;
  readonly runs: RunStore;
  readonly items: Pick<CurrentItems, "existing">;
  readonly messages: MessagesInFlight;
  readonly failed: FailedMessages;
}

/**
 * Starts the runs of these receipts and records their removals. Resolves to the receipts that have something to be
 * applied; all other messages are finished here: those of runs completed before, and those of runs that are no more
 * the receipt's current one (completed with no vectors). Throws LeaseLost.
 */
export async function startReceipts(
  ports: StartPorts,
  shard: ShardName,
  works: readonly ReceiptWork[],
): Promise<StartedReceipt[]> {
  const started: StartedReceipt[] = [];
  await inParallel(works, receiptsAtOnce, async (work) => {
    const receipt = await startReceipt(ports, shard, work);
    if (receipt.run || receipt.changeMessages.length > 0) started.push(receipt);
  });
  return started;
}

/**
 * Starts the receipt's runs and only then reads which one counts: a run that is made current again after this read
 * is re-opened too, and then a completion under the earlier start is refused.
 */
async function startReceipt(
  ports: StartPorts,
  shard: ShardName,
  { receipt, runs, removals, changeMessages }: ReceiptWork,
): Promise<StartedReceipt> {
  const { started, missing } = await startRuns(ports, shard, runs);
  const current = await currentAfter(ports, receipt, removals);
  const counts = ({ run }: RunWork) => current?.state === "ACTIVE" && current.runId === run.runId;
  await settleOthers(ports, shard, current, {
    started: started.filter((work) => !counts(work)),
    missing,
    counts,
  });
  return { receipt, run: started.find(counts), current, changeMessages };
}

interface StartedRuns {
  readonly started: readonly RunWork[];
  readonly missing: readonly RunWork[];
}

async function startRuns(
  { token, runs, messages }: StartPorts,
  shard: ShardName,
  works: readonly RunWork[],
): Promise<StartedRuns> {
  const started: RunWork[] = [];
  const missing: RunWork[] = [];
  for (const work of works) {
    const answer = await runs.start(work.run, shard, token);
    if (answer === "fenced") {
      throw new LeaseLost(shard, token, `run ${work.run.runId} is held under a higher token`);
    }
    if (answer === "started") started.push(work);
    if (answer === "completed") messages.finish(work.messages);
    if (answer === "missing") missing.push(work);
  }
  return { started, missing };
}

/** CURRENT with the tombstones of the removals. What exists again was not removed (F11). */
async function currentAfter(
  { runs, items }: StartPorts,
  receipt: ReceiptRef,
  removals: readonly Removal[],
): Promise<CurrentRun | undefined> {
  if (removals.length === 0) return runs.current(receipt);
  const sortKeyOf = ({ part }: Removal) => {
    const stem = `RECEIPT#${fiveDigits(receipt.receiptId)}`;
    return part === "RECEIPT" ? stem : `${stem}#${part}`;
  };
  const existing = await items.existing(receipt, removals.map(sortKeyOf));
  return recordRemovals(
    runs,
    receipt,
    removals.filter((removal) => !existing.has(sortKeyOf(removal))),
  );
}

/** Runs that are not to be applied: closed where another one counts, failed where nothing says which one does. */
async function settleOthers(
  { token, runs, messages, failed }: StartPorts,
  shard: ShardName,
  current: CurrentRun | undefined,
  { started, missing, counts }: StartedRuns & { readonly counts: (work: RunWork) => boolean },
): Promise<void> {
  for (const work of started) {
    if (current) {
      await runs.complete(work.run, shard, token, 0);
      messages.finish(work.messages);
    } else {
      await failed.ofRun(work, "The control table does not say which run of the receipt counts.");
    }
  }
  for (const work of missing) {
    if (current && !counts(work)) messages.finish(work.messages);
    else await failed.ofMissingRun(work, "The receipts table has no such run.");
  }
}
