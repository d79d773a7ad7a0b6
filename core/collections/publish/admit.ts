import { receiptKey } from "../../receipts/receipt.ts";
import type { ReceiptWork } from "../messages/receipt-work.ts";
import { vectorsIn } from "../segments/overlay.ts";
import type { PublishedState } from "./published-state.ts";

/** The deltas of an overlay are listed in one item of the control table, which is written at each publish. */
const maxOverlayReceipts = 5_000;
/** Of a receipt of which nothing like it is published yet. */
const usualVectors = 50;

export interface Admitted {
  readonly works: readonly ReceiptWork[];
  /** Receipts that wait in their queue until a fold has made room for them. */
  readonly heldBack: readonly ReceiptWork[];
}

/**
 * Back-pressure: what is above the base is held in the memory of each reader. Changes of what is published are admitted
 * always, and so are removals; new vectors as far as there is room, by what receipts usually have.
 */
export function admit(
  works: readonly ReceiptWork[],
  { overlay, index, databaseCount }: PublishedState,
  maxOverlayVectors: number,
): Admitted {
  const held = vectorsIn(overlay);
  const known = overlay.size + index.size;
  const perReceipt = known === 0 ? usualVectors : Math.max(1, (held + databaseCount) / known);
  let room = maxOverlayVectors - held;
  let receipts = overlay.size;
  const admitted: ReceiptWork[] = [];
  const heldBack: ReceiptWork[] = [];
  for (const work of works) {
    const isNew = work.runs.length > 0 && !overlay.has(receiptKey(work.receipt));
    // One that is larger than all the room there is goes alone.
    const fits = (room >= perReceipt && receipts < maxOverlayReceipts) || receipts === 0;
    if (isNew && !fits) {
      heldBack.push(work);
      continue;
    }
    admitted.push(work);
    if (!isNew) continue;
    room -= perReceipt;
    receipts += 1;
  }
  return { works: admitted, heldBack };
}
