import type { ReceiptHead } from "./receipt-head.ts";

type Scalar = string | number | boolean;
type Metadata = Readonly<Record<string, Scalar>>;

/** The ids of a hit. */
export interface ReceiptPlace {
  readonly image_id: Scalar | undefined;
  readonly receipt_id: Scalar | undefined;
  readonly line_id: Scalar | undefined;
  /** Only in hits of words. */
  readonly word_id?: Scalar;
}

/** The fields that a hit shows of its receipt. */
export interface ReceiptShown {
  /** The known merchant. For lines without one, the first text that the receipt prints. */
  readonly merchant?: string;
  /** The first date that the receipt prints, `YYYY-MM-DD`. */
  readonly date?: string;
}

export function placeOf({ image_id, receipt_id, line_id, word_id }: Metadata): ReceiptPlace {
  return { image_id, receipt_id, line_id, ...(word_id !== undefined && { word_id }) };
}

export function shownOf(metadata: Metadata, head: ReceiptHead | undefined): ReceiptShown {
  // The first word of a receipt is not a title, so words show only a known merchant.
  const printed = metadata.word_id === undefined ? head?.title : undefined;
  const merchant = String(metadata.canonical_merchant_name ?? metadata.merchant_name ?? printed ?? "");
  return { ...(merchant !== "" && { merchant }), ...(head?.day && { date: head.day }) };
}
