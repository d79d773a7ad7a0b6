/** One receipt of one image: the unit that is embedded, replaced and removed as a whole. */
export interface ReceiptRef {
  /** UUID of the image. */
  readonly imageId: string;
  /** 1-based number of the receipt on the image. */
  readonly receiptId: number;
}

/** Formats receipt, line and word numbers in keys and vector ids: at least five digits. */
export function fiveDigits(number: number): string {
  return String(number).padStart(5, "0");
}

/** `IMAGE#{image_id}#RECEIPT#{receipt_id:05d}`: the message group of a receipt and the prefix of its vector ids. */
export function receiptKey({ imageId, receiptId }: ReceiptRef): string {
  return `IMAGE#${imageId}#RECEIPT#${fiveDigits(receiptId)}`;
}

/** The receipt key that prefixes a vector id. */
export function receiptOfVector(id: string): string {
  return id.split("#", 4).join("#");
}

/** Parses a receipt key; undefined for any other text. */
export function receiptOfKey(key: string): ReceiptRef | undefined {
  const [, imageId, receiptId] = /^IMAGE#([^#]+)#RECEIPT#(\d{5,})$/.exec(key) ?? [];
  return imageId === undefined ? undefined : { imageId, receiptId: Number(receiptId) };
}
