import { hash } from "node:crypto";
import type { Collection } from "../../../contract/collections.ts";
import type { Delta } from "../../deltas/delta.ts";
import type { ReceiptFacts } from "../../entities/receipt-facts.ts";
import type { ReceiptRef } from "../../receipts/receipt.ts";
import type { CurrentRun, RemovedPart } from "../../runs/current-run.ts";
import { withKnown } from "../merge/load-deltas.ts";
import { partsOfVector } from "../merge/reconcile.ts";

/** A receipt of which a segment says that it has no vectors. */
export interface GoneReceipt {
  readonly receipt: ReceiptRef;
  readonly gone: true;
}

/** Everything that the vectors of a receipt follow from, beside the delta itself. */
export interface PublishedReceipt {
  readonly receipt: ReceiptRef;
  readonly gone: false;
  readonly runId: string;
  /** Object key of the run's delta, which holds the vectors. */
  readonly deltaKey: string;
  /** Vectors of the delta that are not removed. */
  readonly vectorCount: number;
  readonly removed: readonly RemovedPart[];
  readonly facts: ReceiptFacts;
  readonly digest: string;
}

/** What a segment says of one receipt, in place of all that older segments and the base say of it. */
export type SegmentEntry = PublishedReceipt | GoneReceipt;

/** The run whose delta is published, what is known of the receipt, and what of it was removed. */
export type ReceiptState = Pick<PublishedReceipt, "runId" | "facts" | "removed">;

/** Equal for equal rows: 32 hexadecimal digits. A run has one delta. */
export function digestOfState({ runId, facts, removed }: ReceiptState): string {
  const labels = [...facts.labels].map(([id, statuses]) => [
    id,
    [...statuses].map(([name, status]) => [name, status ?? null]).sort(byFirst),
  ]);
  const fields = Object.entries(facts.fields).sort(byFirst);
  const parts = [runId, fields, labels.sort(byFirst), [...removed].sort()];
  return hash("sha256", JSON.stringify(parts)).slice(0, 32);
}

/** The removed parts that vectors of the collection can be of: lines know no words. */
export function removedPartsOf(current: CurrentRun | undefined, collection: Collection): RemovedPart[] {
  const parts = [...(current?.removed.keys() ?? [])].sort();
  return collection === "words" ? parts : parts.filter((part) => !part.includes("#WORD#"));
}

/** The vectors that a receipt has: those of its delta that are not removed, with what is known of them. */
export function rowsOf(delta: Delta, { facts, removed }: Omit<ReceiptState, "runId">): Delta {
  const known = withKnown(delta, facts);
  if (removed.length === 0) return known;
  const isRemoved = new Set<string>(removed);
  const kept = delta.ids.flatMap((id, position) => {
    const [line, word] = partsOfVector(id);
    return isRemoved.has(line) || (word !== undefined && isRemoved.has(word)) ? [] : [position];
  });
  const width = delta.dimensions * 4;
  return {
    ...known,
    ids: kept.map((position) => delta.ids[position] ?? ""),
    documents: kept.map((position) => delta.documents[position] ?? ""),
    metadatas: kept.map((position) => known.metadatas[position] ?? {}),
    vectors: Buffer.concat(
      kept.map((position) => delta.vectors.subarray(position * width, (position + 1) * width)),
    ),
  };
}

function byFirst([one]: readonly unknown[], [other]: readonly unknown[]): number {
  return String(one) < String(other) ? -1 : 1;
}
