/** One receipt of one image: the unit that is embedded, replaced and removed as a whole. */
export interface ReceiptRef {
  /** UUID of the image. */
  readonly imageId: string;
  /** 1-based number of the receipt on the image. */
  readonly receiptId: number;
}

export const collections = ["lines", "words"] as const;

/** A Chroma collection. What it is split into is in shards.ts. */
export type Collection = (typeof collections)[number];

/** Receipt, line and word numbers as they stand in keys and vector ids: five digits at least. */
export function fiveDigits(number: number): string {
  return String(number).padStart(5, "0");
}

/** `IMAGE#{image_id}#RECEIPT#{receipt_id:05d}`: the message group of a receipt and the stem of its vector ids. */
export function receiptKey({ imageId, receiptId }: ReceiptRef): string {
  return `IMAGE#${imageId}#RECEIPT#${fiveDigits(receiptId)}`;
}

/** The stem of a vector's id that names its receipt, as `receiptKey` makes it. */
export function receiptOfVector(id: string): string {
  return id.split("#", 4).join("#");
}

/** The receipt that a `receiptKey` names; undefined for another text. */
export function receiptOfKey(key: string): ReceiptRef | undefined {
  const [, imageId, receiptId] = /^IMAGE#([^#]+)#RECEIPT#(\d{5,})$/.exec(key) ?? [];
  return imageId === undefined ? undefined : { imageId, receiptId: Number(receiptId) };
}
