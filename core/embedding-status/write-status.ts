import { collections } from "../../contract/collections.ts";
import { decodeDelta } from "../deltas/codec.ts";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { deltaKey } from "../deltas/keys.ts";
import type { Metrics } from "../metrics.ts";
import type { ReceiptRef } from "../receipts/receipt.ts";
import { partsOfVector, type ReceiptPart } from "../receipts/vector-ids.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import type { CompactionRun } from "../runs/compaction-run.ts";
import type { RunStore } from "../runs/run-store.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";
import type { EmbeddingStatus, StatusStore } from "./status-store.ts";

/** Concurrent updates of one receipt. */
const width = 8;
/** The number of newer runs that may become current while one receipt is written. */
const maxRounds = 5;

export interface StatusDeps {
  readonly runs: Pick<RunStore, "current" | "find">;
  readonly deltas: Pick<DeltaStore, "get">;
  readonly statuses: Pick<StatusStore, "statusesOf" | "write">;
  readonly metrics: Metrics;
}

/** Another run became current during each attempt to write the statuses. */
export class ReceiptRestlessError extends VectorkeepError {
  constructor({ imageId, receiptId }: ReceiptRef) {
    super(
      `Receipt ${receiptId} of image ${imageId} changed ${maxRounds} times while its embedding_status was written.`,
      "Its message is redelivered. Check what exports it so often.",
    );
  }
}

/**
 * Sets `embedding_status` of a receipt's lines and words according to its current run: SUCCESS if their vectors are
 * published, FAILED if their half failed. Idempotent: only the receipt of a message matters, and items that already
 * have the status are not written. Repeats the write if another run becomes current meanwhile, so that no late write of
 * an older run remains.
 */
export async function writeEmbeddingStatus(receipt: ReceiptRef, deps: StatusDeps): Promise<number> {
  let written = 0;
  let run = await currentRun(receipt, deps);
  for (let round = 0; round < maxRounds; round++) {
    if (run === undefined) return written;
    written += await writeRun(run, deps);
    const after = await currentRun(receipt, deps);
    if (after === undefined || isSame(run, after)) return written;
    run = after;
  }
  throw new ReceiptRestlessError(receipt);
}

async function currentRun(receipt: ReceiptRef, { runs }: StatusDeps): Promise<CompactionRun | undefined> {
  const current = await runs.current(receipt);
  if (current?.state !== "ACTIVE" || current.runId === undefined) return undefined;
  return runs.find({ ...receipt, runId: current.runId });
}

function isSame(one: CompactionRun, other: CompactionRun): boolean {
  return (
    one.runId === other.runId &&
    collections.every((collection) => one.halves[collection].state === other.halves[collection].state)
  );
}

async function writeRun(run: CompactionRun, deps: StatusDeps): Promise<number> {
  const { statuses, metrics } = deps;
  const wanted = await wantedStatuses(run, deps);
  if (wanted.size === 0) return 0;
  const stored = await statuses.statusesOf(run);
  const due = [...wanted].filter(([part, status]) => stored.has(part) && stored.get(part) !== status);
  let written = 0;
  await inParallel(due, width, async ([part, status]) => {
    if (await statuses.write(run, part, status)) written += 1;
  });
  metrics.count("StatusesWritten", written);
  return written;
}

/**
 * Returns the wanted status of each line and word of the settled halves. Only its delta says which rows a half has, so
 * those of a half without one keep their status: a later run has replaced it, or its loss is why the half failed, which
 * `npm run failed` lists.
 */
async function wantedStatuses(
  run: CompactionRun,
  { deltas }: StatusDeps,
): Promise<Map<ReceiptPart, EmbeddingStatus>> {
  const wanted = new Map<ReceiptPart, EmbeddingStatus>();
  for (const collection of collections) {
    const { state, deltaPrefix } = run.halves[collection];
    if (state !== "COMPLETED" && state !== "FAILED") continue;
    const bytes = await deltas.get(deltaKey(deltaPrefix));
    if (bytes === undefined) continue;
    for (const id of decodeDelta(bytes).ids) {
      const part = partsOfVector(id).at(-1);
      if (part !== undefined) wanted.set(part, state === "COMPLETED" ? "SUCCESS" : "FAILED");
    }
  }
  return wanted;
}
