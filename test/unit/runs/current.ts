import type { ReceiptRef } from "../../../core/receipts/receipt.ts";
import type { CompactionRun } from "../../../core/runs/compaction-run.ts";
import { madeCurrent } from "../../../core/runs/current-run.ts";
import type { RunStore } from "../../../core/runs/run-store.ts";

type CurrentStore = Pick<RunStore, "current" | "moveCurrent" | "find">;

/** A CURRENT item with its run. */
export async function currentRunOf(
  runs: CurrentStore,
  { imageId, receiptId }: ReceiptRef,
): Promise<CompactionRun | undefined> {
  const receipt = { imageId, receiptId };
  const { runId } = (await runs.current(receipt)) ?? {};
  return runId === undefined ? undefined : runs.find({ ...receipt, runId });
}

/** Makes a run count, as embed does. */
export async function makeCurrent(
  runs: CurrentStore,
  receipt: ReceiptRef,
  { revision, ...run }: { runId: string; revision: number; attempt: number },
): Promise<void> {
  const current = await runs.current(receipt);
  await runs.moveCurrent(receipt, current, madeCurrent(current, run, revision));
}
