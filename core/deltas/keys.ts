import { Failure } from "../failure.ts";
import { type Collection, fiveDigits } from "../receipts/receipt.ts";
import { imageId } from "../receipts/rows.ts";

const extension = ".vkd";
const runIdPattern = /^[A-Za-z0-9_-]{1,128}$/;

/** A part of a key could lead out of its folder. */
export class UnsafeKey extends Failure {
  constructor(part: string, value: string) {
    super(
      `The ${part} ${JSON.stringify(value)} cannot stand in an object key.`,
      "An image_id is a UUID; a run_id has letters, digits, `-` and `_` only.",
    );
  }
}

export interface DeltaName {
  readonly collection: Collection;
  readonly imageId: string;
  readonly receiptId: number;
  readonly runId: string;
}

/** `deltas/{collection}/{image_id}/receipt-{receipt_id:05d}/{run_id}`. Throws UnsafeKey. */
export function deltaPrefix(name: DeltaName): string {
  if (!imageId.safeParse(name.imageId).success) throw new UnsafeKey("image_id", name.imageId);
  const folder = `deltas/${name.collection}/${name.imageId}/receipt-${fiveDigits(name.receiptId)}`;
  return `${folder}/${safeRunId(name.runId)}`;
}

/** The object key of a delta, from the prefix that its run holds. */
export function deltaKey(prefix: string): string {
  return `${prefix}${extension}`;
}

/** `rejected/{run_id}.ndjson`: the rows that a run left out. Throws UnsafeKey. */
export function rejectedRowsKey(runId: string): string {
  return `rejected/${safeRunId(runId)}.ndjson`;
}

function safeRunId(runId: string): string {
  if (!runIdPattern.test(runId)) throw new UnsafeKey("run_id", runId);
  return runId;
}
