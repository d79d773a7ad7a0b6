import { DeleteCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { fiveDigits, type ReceiptRef } from "../../core/receipts/receipt.ts";
import type { RunningStack } from "./running-stack.ts";

export interface ItemKey {
  readonly PK: string;
  readonly SK: string;
}

/** Keys of a receipt's items in the receipts table. */
export function keysOf({ imageId, receiptId }: ReceiptRef) {
  const key = (rest: string): ItemKey => ({
    PK: `IMAGE#${imageId}`,
    SK: `RECEIPT#${fiveDigits(receiptId)}${rest}`,
  });
  const line = (lineId: number) => `#LINE#${fiveDigits(lineId)}`;
  const word = (lineId: number, wordId: number) => `${line(lineId)}#WORD#${fiveDigits(wordId)}`;
  return {
    receipt: key(""),
    metadata: key("#METADATA"),
    place: key("#PLACE"),
    line: (lineId: number) => key(line(lineId)),
    word: (lineId: number, wordId: number) => key(word(lineId, wordId)),
    label: (lineId: number, wordId: number, label: string) => key(`${word(lineId, wordId)}#LABEL#${label}`),
  };
}

/** Puts an item, new or in place of the one that is there. */
export async function put({ dynamo, outputs }: RunningStack, key: ItemKey, item: object = {}): Promise<void> {
  await dynamo.send(new PutCommand({ TableName: outputs.receiptsTable, Item: { ...key, ...item } }));
}

export async function remove({ dynamo, outputs }: RunningStack, ...keys: readonly ItemKey[]): Promise<void> {
  for (const Key of keys) await dynamo.send(new DeleteCommand({ TableName: outputs.receiptsTable, Key }));
}
