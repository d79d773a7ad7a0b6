import type { ReceiptHead } from "./receipt-head.ts";

type Scalar = string | number | boolean;
type Metadata = Readonly<Record<string, Scalar>>;

/** The ids of a hit. */
export interface ReceiptPlace {
  readonly image_id: Scalar | undefined;
  readonly receipt_id: Scalar | undefined;
  readonly line_id: Scalar | undefined;
  /** Hits in words only. */
  readonly word_id?: Scalar;
}

/** What a hit shows of its receipt. */
export interface ReceiptShown {
  /** The merchant that is known, else, of lines, what the receipt prints first. */
  readonly merchant?: string;
  /** The first date that the receipt prints, `YYYY-MM-DD`. */
  readonly date?: string;
}

export function placeOf({ image_id, receipt_id, line_id, word_id }: Metadata): ReceiptPlace {
  return { image_id, receipt_id, line_id, ...(word_id !== undefined && { word_id }) };
}

export function shownOf(metadata: Metadata, head: ReceiptHead | undefined): ReceiptShown {
  // The first word of a receipt is no title: words show a merchant only where one is known.
  const printed = metadata.word_id === undefined ? head?.title : undefined;
  const merchant = String(metadata.canonical_merchant_name ?? metadata.merchant_name ?? printed ?? "");
  return { ...(merchant !== "" && { merchant }), ...(head?.day && { date: head.day }) };
}
